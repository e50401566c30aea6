"""A figure is remade by its path, with only what it needs."""

import shutil

import pandas as pd
import pytest
from places import ROOT
from workdir import said_by

from mstars.files.tables import write_table
from mstars.paper.isochrones import ISOCHRONE_COLUMNS
from mstars.simulate.literature_catalogs import PLANTED, write_catalogue

ISOCHRONES = "results/isochrones/parsec.parquet"
pytestmark = pytest.mark.workflow
TARGETS = [f"results/demo/figures/{name}.pdf" for name in ("fig13_internal_errors", "fig15_compare_laspm_dM")]


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    # only the rules under test, so that nothing upstream is remade
    (tmp_path / "src").symlink_to(ROOT / "src")
    rules = "".join(
        f'include: "{ROOT}/workflow/rules/{name}.smk"\n' for name in ("common", "spmm", "literature", "paper_figures")
    )
    # what those files take from others
    rules = "CATALOG_FILES, VALIDATION_FILES = [], []\n" + rules
    (tmp_path / "Snakefile").write_text('configfile: "config/config.yaml"\n' + rules)
    errors = dict.fromkeys(["rv_paper_err", "teff_spread", "logg_spread", "m_h_spread", "alpha_m_spread"], [5.0, 6.0])
    table = pd.DataFrame({"snr_i": [30.0, 40.0], "luminosity_class": ["dM", "gM"], "rv_flag": 1, "parameter_flag": 1})
    table = table.assign(**errors, teff=[3500.0, 3600.0], logg=[4.9, 0.5], m_h=[0.0, -0.1])
    table = table.assign(
        alpha_m=0.0, bp_rp_0=[2.0, 2.5], CMD_flag=1, CMD_pos=["dM", "gM"], spectrum_key=["a", "b"], rv=1.0
    )
    table = table.assign(ra=10.0, dec=40.0, **{f"snr_{band}": 30.0 for band in "ugriz"})
    table = table.assign(obsid=pd.array([1, 2], "Int64"), source_id=pd.array([3, 4], "Int64"))
    table = table.assign(**{f"orp_{band}": 0.0 for band in "ugriz"})
    write_table(table, tmp_path / "results/demo/catalogs/recommended.parquet")
    classes = table[["spectrum_key"]].assign(lamost_class=["dM", "gM"])
    write_table(classes, tmp_path / "results/demo/catalogs/m_catalog_v3.parquet")
    apogee = {"spectrum_key": ["a"], "TEFF": [3500.0], "LOGG": [5.0], "M_H": [0.0], "ALPHA_M": [0.0]}
    write_table(pd.DataFrame(apogee), tmp_path / "results/demo/crossmatch/apogee.parquet")
    literature = tmp_path / "results/demo/sim/literature"
    literature.mkdir(parents=True)
    for name in PLANTED:
        made = pd.DataFrame(
            {"spectrum_key": ["a", "b"], "teff": [3400.0, 3500.0], "logg": [4.8, 0.4], "m_h": [0.1, 0.0]}
        )
        write_catalogue(made, name, literature / f"{name}.csv", literature / f"{name}.yaml")
    write_table(pd.DataFrame({name: pd.Series(dtype=float) for name in ISOCHRONE_COLUMNS}), tmp_path / ISOCHRONES)
    return tmp_path


def snakemake(place, *arguments):
    return said_by(place, *arguments, snakefile=place / "Snakefile")


def change(place, name):
    path = place / f"results/demo/sim/literature/{name}.csv"
    path.write_text(path.read_text().replace("3400", "3401"))


def test_deleting_one_figure_reruns_one_rule_and_a_new_catalogue_only_what_shows_it(place):
    targets = [*TARGETS, *(f"results/demo/figures/{name}.png" for name in ("fig23_kiel", "fig24_colour_gaia"))]
    snakemake(place, *targets)
    (place / TARGETS[0]).unlink()
    change(place, "liang2022")  # in none of these figures
    said = snakemake(place, *targets)
    assert "figure 13: internal errors" in said and "1 of 1 steps" in said
    assert all((place / target).with_suffix(suffix).is_file() for target in targets for suffix in (".pdf", ".png"))
    change(place, "laspm")
    said = snakemake(place, *targets)
    assert all(words in said for words in ("figure fig15", "figure 23", "figure fig24")) and "figure 13" not in said


def test_a_figure_is_drawn_in_the_users_style_and_anew_when_it_is_edited(place):
    figure, style = place / TARGETS[0], place / "mine.mplstyle"
    style.write_text("font.size: 9\n")
    with (place / "Snakefile").open("a") as rules:
        rules.write(f'include: "{ROOT}/workflow/rules/figure_style.smk"\n')
    (place / "mine.yaml").write_text("figures: {style: mine.mplstyle}\n")
    given = (TARGETS[0], "--configfile", place / "config" / "config.yaml", place / "mine.yaml")
    snakemake(place, *given)
    first, shown = figure.read_bytes(), pd.read_csv(figure.with_suffix(".csv"))
    assert "Nothing to be done" in snakemake(place, *given)
    style.write_text("axes.facecolor: pink\n")
    assert "1 of 1 steps" in snakemake(place, *given)
    assert figure.read_bytes() != first and pd.read_csv(figure.with_suffix(".csv")).equals(shown)
    assert set(shown["x_label"].dropna()) == {"S/N$_i$"}
    style.write_text("axes.colour: pink\n")
    assert "figures.style: mine.mplstyle" in said_by(place, *given, expect=1, snakefile=place / "Snakefile")
