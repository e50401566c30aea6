"""Crossmatch and photometry in the DAG: with a user's own catalogues, without any, and with a bad one."""

import shutil

import pandas as pd
import pytest
import yaml
from places import ROOT
from workdir import outcome

from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.sky.cells import plan_cells

pytestmark = pytest.mark.workflow

CELLS = {"order": 1, "min_spectra": 1, "max_spectra": 1}
TARGETS = ["results/mine/crossmatch/photometry.parquet"]
GAIA = {"source_id": 4, "ra": 10.0, "dec": 20.0, "pmra": 0.0, "pmdec": 0.0, "parallax_over_error": 50.0, "ruwe": 1.0}
GAIA |= {f"phot_{band}_mean_mag": mag for band, mag in {"g": 14.0, "bp": 15.1, "rp": 12.9}.items()}
GAIA |= {f"phot_{band}_mean_flux_over_error": 99.0 for band in ("g", "bp", "rp")} | {"r_med_geo": 100.0}


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "spectra").mkdir()
    (tmp_path / "spectra" / "a.fits").write_text("")
    rows = pd.DataFrame({"spectrum_key": ["a", "b"], "ra": [10.0, 200.0], "dec": [20.0, 20.0], "obsdate": "2012-03-04"})
    rows["mjd"], rows["gaia_source_id"] = 55990, pd.array([pd.NA, pd.NA], dtype="Int64")
    plan = tmp_path / "results/mine/plan"
    for name in ("m_catalog_v0", "plan", "class_catalog", "rejected"):
        write_table(rows, plan / f"{name}.parquet")
    cells, facts = plan_cells(rows, CELLS)
    write_table(cells, plan / "cells.parquet")
    write_json(facts, plan / "cells.json")
    write_json({}, plan / "batches.json")
    configure(tmp_path, survey={"name": "mine", "kind": "files"}, files={"spectra": "spectra"})
    return tmp_path


def parts_of(place):
    return list((place / "results/mine/crossmatch").glob("*/*.parquet"))


def configure(place, **sections):
    path = place / "config" / "config.yaml"
    config = yaml.safe_load(path.read_text())
    for name, values in sections.items():
        config.setdefault(name, {}).update(values)
    path.write_text(yaml.safe_dump(config))


def snakemake(place, *arguments):
    return outcome(place, *arguments, "--rerun-triggers", "mtime", "input", "--", *TARGETS)


def test_without_catalogues_then_with_one_of_the_users_own(place):
    code, said = snakemake(place)
    assert code == 0, said
    assert read_table(place / TARGETS[0])["M_G_0"].isna().all()
    pd.DataFrame([GAIA]).to_csv(place / "gaia.csv", index=False)
    configure(place, external={"gaia": "gaia.csv"}, photometry={"missing_ebv": "zero"})
    code, said = snakemake(place)
    assert code == 0, said
    table = read_table(place / TARGETS[0])
    assert table["M_G_0"].isna().tolist() == [False, True]
    assert table["CMD_pos"].tolist() == ["dM", ""]
    code, said = snakemake(place, "-n")
    assert "Nothing to be done" in said


def test_a_misspelt_column_stops_with_one_line_and_leaves_no_table(place):
    pd.DataFrame([GAIA]).rename(columns={"ruwe": "ruve"}).to_csv(place / "gaia.csv", index=False)
    configure(place, external={"gaia": "gaia.csv"})
    code, said = snakemake(place)
    assert code == 1
    assert "external.gaia: gaia.csv: no column 'ruwe' or 'RUWE'; close to it: ruve" in said
    assert "Traceback" not in said
    assert not list((place / "results/mine/crossmatch").rglob("*.parquet"))


def test_each_cell_is_a_job_that_the_age_of_the_plan_does_not_rerun(place):
    pd.DataFrame([GAIA]).to_csv(place / "gaia.csv", index=False)
    configure(place, external={"gaia": "gaia.csv"})
    code, said = snakemake(place)
    assert code == 0, said
    made = {path.relative_to(place / "results/mine/crossmatch").as_posix() for path in parts_of(place)}
    assert len(made) == 4 and {name.split("/")[0] for name in made} == {"gaia", "allwise"}
    cells = place / "results/mine/plan/cells.parquet"
    write_table(read_table(cells), cells)  # younger, with the same spectra
    assert "Nothing to be done" in snakemake(place, "-n")[1]
