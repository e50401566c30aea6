"""A figure is remade by its path, with only what it needs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mstars.figures.isochrones import COLUMNS
from mstars.store import write_table

ROOT = Path(__file__).resolve().parents[2]
ISOCHRONES = "results/isochrones/parsec.parquet"
pytestmark = pytest.mark.workflow
TARGETS = [f"results/demo/figures/{name}.pdf" for name in ("fig13_internal_errors", "fig24_colour_gaia")]


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    # only the rules under test, so that nothing upstream is remade
    (tmp_path / "src").symlink_to(ROOT / "src")
    rules = "".join(f'include: "{ROOT}/workflow/rules/{name}.smk"\n' for name in ("common", "spmm", "figures"))
    (tmp_path / "Snakefile").write_text('configfile: "config/config.yaml"\n' + rules)
    errors = dict.fromkeys(["rv_err", "teff_err", "logg_err", "m_h_err", "alpha_m_err"], [5.0, 6.0])
    table = pd.DataFrame({"snr_i": [20.0, 30.0], "luminosity_class": ["dM", "gM"], "rv_flag": 1, "parameter_flag": 1})
    table = table.assign(**errors, teff=[3500.0, 3600.0], logg=[4.9, 0.5], m_h=[0.0, -0.1])
    table = table.assign(alpha_m=0.0, bp_rp_0=[2.0, 2.5], CMD_flag=1, spectrum_key=["a", "b"])
    write_table(table, tmp_path / "results/demo/catalogs/recommended.parquet")
    apogee = {"spectrum_key": ["a"], "TEFF": [3500.0], "LOGG": [5.0], "M_H": [0.0], "ALPHA_M": [0.0]}
    write_table(pd.DataFrame(apogee), tmp_path / "results/demo/crossmatch/apogee.parquet")
    write_table(pd.DataFrame({name: pd.Series(dtype=float) for name in COLUMNS}), tmp_path / ISOCHRONES)
    return tmp_path


def snakemake(place, *arguments):
    command = [sys.executable, "-m", "snakemake", "--directory", place, "-s", place / "Snakefile", "--cores", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    command = [*map(str, command), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_deleting_one_figure_reruns_one_rule(place):
    snakemake(place, *TARGETS)
    (place / TARGETS[0]).unlink()
    said = snakemake(place, *TARGETS)
    assert "figure 13: internal errors" in said and "figure fig24" not in said
    assert all((place / target).with_suffix(suffix).is_file() for target in TARGETS for suffix in (".pdf", ".png"))
