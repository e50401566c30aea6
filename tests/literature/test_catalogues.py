import numpy as np
import pandas as pd
import pytest
import yaml
from astropy.table import Table

from mstars.core.errors import InputError
from mstars.literature.catalogues import LABELS, comparison_sample, join, read_catalogue, read_description, statistics
from mstars.paper.figures.comparison import Limits, draw_comparison, outliers
from mstars.paper.figures.style import save

DESCRIPTION = {
    "name": "laspm",
    "title": "LASPM",
    "reference": "Du et al. 2021",
    "file": "laspm.csv",
    "match": {"column": "id", "to": "obsid"},
    "columns": {"teff": "T", "m_h": "feh"},
}


@pytest.fixture
def describe(tmp_path):
    def describe(**changes):
        path = tmp_path / "laspm.yaml"
        path.write_text(yaml.safe_dump({**DESCRIPTION, **changes}))
        return path

    return describe


def ours(n=400, seed=0):
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({"spectrum_key": [f"k{i}" for i in range(n)], "obsid": pd.array(range(n), "Int64")})
    table["source_id"] = pd.array(np.arange(n) + 10**17, "Int64")
    table["ra"], table["dec"] = 10 + np.arange(n) / 100, 40.0
    table["luminosity_class"] = np.where(np.arange(n) % 2, "dM", "gM")
    table["snr_i"] = generator.uniform(21, 150, n)
    centre = {"teff": 3600, "logg": 3, "m_h": -0.2, "alpha_m": 0.1}
    width = {"teff": 200, "logg": 1, "m_h": 0.3, "alpha_m": 0.1}
    for label in LABELS:
        table[f"{label}_apogee"] = generator.normal(centre[label], width[label], n)
        table[f"{label}_this"] = table[f"{label}_apogee"] + generator.normal(0, width[label] / 10, n)
    return table


def test_a_description_is_read_with_the_file_beside_it(describe, tmp_path):
    catalogue = read_description(describe())
    assert catalogue.file == tmp_path / "laspm.csv" and catalogue.kinds == ("dM", "gM")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colums": {}}, "unknown or missing key 'colums'"),
        (
            {"columns": {"teff": "T", "age": "A"}},
            r"columns: expected some of teff, logg, m_h, alpha_m, rv, found \['age'\]",
        ),
        ({"columns": {}}, "columns: expected some of"),
        ({"match": {"column": "id", "to": "name"}}, "match: expected"),
        ({"match": "id"}, "match: expected"),
        ({"kinds": ["sdM"]}, "kinds"),
    ],
)
def test_a_wrong_description_is_named(describe, changes, message):
    with pytest.raises(InputError, match="laspm.yaml: " + message):
        read_description(describe(**changes))


def test_an_unreadable_description_or_table_is_named(tmp_path, describe):
    (tmp_path / "bad.yaml").write_text("a: [")
    for path in (tmp_path / "bad.yaml", tmp_path / "none.yaml"):
        with pytest.raises(InputError, match=path.name):
            read_description(path)
    with pytest.raises(InputError, match="laspm.csv: not a readable table"):
        read_catalogue(read_description(describe()))
    Table({"id": [1], "T": [1.0]}).write(tmp_path / "laspm.csv")
    with pytest.raises(InputError, match="no column 'feh'; it has id, T"):
        read_catalogue(read_description(describe()))


@pytest.mark.parametrize("name", ["laspm.csv", "laspm.fits", "laspm.parquet"])
def test_tables_in_several_formats_with_units_and_missing_values(name, describe, tmp_path):
    table = Table({"id": [1, 1, 2], "T": [3.5, 9.9, -9999], "feh": [0.1, 0.2, np.nan]})
    if name.endswith("parquet"):
        table.to_pandas().to_parquet(tmp_path / name)
    else:
        table.write(tmp_path / name)
    catalogue = read_description(describe(file=name, scale={"teff": 1000.0}, offset={"m_h": 0.5}))
    theirs = read_catalogue(catalogue)
    assert theirs["teff"].iloc[0] == 3500 and np.isnan(theirs["teff"].iloc[2]) and theirs["logg"].isna().all()
    joined = join(ours(5), theirs, catalogue)
    assert joined["spectrum_key"].tolist() == ["k1", "k2"] and joined["m_h_catalog"].iloc[0] == pytest.approx(0.6)


def test_matching_on_the_sky(describe, tmp_path):
    Table({"r": [10.01 + 2 / 3600, 50.0], "d": [40.0, 0.0], "T": [1.0, 2.0], "feh": [0.0, 0]}).write(
        tmp_path / "laspm.csv"
    )
    catalogue = read_description(describe(match={"ra": "r", "dec": "d", "arcsec": 3}))
    joined = join(ours(5), read_catalogue(catalogue), catalogue)
    assert joined["spectrum_key"].tolist() == ["k1"] and joined["teff_catalog"].tolist() == [1.0]
    assert len(join(ours(5), read_catalogue(catalogue).iloc[1:], catalogue)) == 0
    assert len(join(ours(5), read_catalogue(catalogue).iloc[:0], catalogue)) == 0


def test_planted_differences_come_back_with_ours_in_quadrature():
    table = ours(4000)
    noise = np.random.default_rng(1).normal(0, 50, len(table))
    for label in LABELS:
        table[f"{label}_catalog"] = table[f"{label}_apogee"] - 134 + noise
    table = statistics(table, "laspm").set_index(["kind", "pair", "label", "snr"])
    against_apogee = table.loc[("dM", "catalog-apogee", "teff", "all")]
    against_this = table.loc[("dM", "catalog-this", "teff", "all")]
    error = 3 * 50 / np.sqrt(against_this["n"])
    assert against_apogee["mean"] == pytest.approx(-134, abs=error)
    assert against_this["std"] == pytest.approx(np.hypot(50, 20), rel=0.06)
    assert against_this["robust_std"] == pytest.approx(np.hypot(50, 20), rel=0.08)
    parts = [table.loc[("dM", "catalog-this", "teff", snr), "n"] for snr in ("20-50", "50-100", ">100")]
    assert sum(parts) == against_this["n"] == 2000


def test_the_sample_holds_good_spectra_whose_class_is_beyond_doubt():
    catalog = ours(6).rename(columns={f"{label}_this": label for label in LABELS})
    catalog = catalog.drop(columns=[f"{label}_apogee" for label in LABELS])
    for band in "ugriz":
        catalog[f"snr_{band}"], catalog[f"orp_{band}"] = 30.0, 0.0
    catalog["parameter_flag"] = [1, 1, 1, 1, 1, 0]
    catalog["rv"], catalog["rv_flag"] = 10.0, [1, 1, 1, 1, 0, 1]
    catalog["CMD_pos"] = catalog["luminosity_class"]
    catalog["lamost_class"] = ""  # in the catalogue too
    catalog.loc[0, "CMD_pos"], catalog.loc[1, "snr_z"] = "other", 20.0
    m_catalog = catalog[["spectrum_key"]].assign(lamost_class=["gM", "dM", "gM", "gM", "gM", "dM"])
    apogee = pd.DataFrame({"spectrum_key": ["k2"], "TEFF": [-9999.0], "LOGG": [1.0], "M_H": [0.0], "ALPHA_M": [0.0]})
    sample = comparison_sample(catalog, m_catalog, apogee)
    assert sample["spectrum_key"].tolist() == ["k2", "k4"]
    assert np.isnan(sample["teff_apogee"].iloc[0]) and sample["logg_apogee"].iloc[0] == 1
    assert sample["rv_this"].iloc[0] == 10 and np.isnan(sample["rv_this"].iloc[1])


def test_outliers_are_marked_by_the_texts_limits():
    table = ours(4)
    table[[f"logg_{side}" for side in ("this", "apogee")]] = [[5.1, 5.0], [4.5, 4.6], [4.8, np.nan], [5.2, 4.8]]
    table["teff_this"], table["teff_apogee"] = [3500.0, 3500, 3500, 3500], [3500.0, 3700, np.nan, 3500]
    for label in LABELS:
        table[f"{label}_catalog"] = table[f"{label}_this"]
    table.loc[2, "logg_catalog"] = 4.0
    groups = outliers(table, "ding2022", "dM", Limits())
    assert {name: np.flatnonzero(mask).tolist() for name, mask in groups.items()} == {
        "red": [1],
        "green": [3],
        "blue": [0, 3],
        "blue +": [1],
        "orange": [2],
    }
    assert outliers(table, "laspm", "gM", Limits()) == {}


def test_a_figure_has_a_row_a_parameter_and_says_when_there_is_nothing(tmp_path):
    table = ours(50)
    for label in LABELS:
        table[f"{label}_catalog"] = table[f"{label}_this"] if label in ("teff", "m_h") else np.nan
    figure = draw_comparison(table, "li2021", "Li2021", "dM", Limits())
    assert len(figure.axes) == 6
    save(figure, [tmp_path / "a.png"])
    figure = draw_comparison(table.iloc[:0], "li2021", "Li2021", "dM", Limits(), "not configured")
    assert any("not configured" in text.get_text() for text in figure.axes[0].texts)
