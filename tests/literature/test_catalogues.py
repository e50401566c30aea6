"""Catalogues of others: read by their description, joined and compared."""

import numpy as np
import pandas as pd
import pytest
import yaml
from astropy.table import Table
from made_parameters import ours

from mstars.core.errors import InputError
from mstars.core.resources import resource
from mstars.literature.catalogues import (
    LABELS,
    comparison_sample,
    described_table,
    join,
    join_described,
    read_catalogue,
    read_description,
    statistics,
)

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


def test_a_description_is_read_with_the_file_beside_it(describe, tmp_path):
    catalogue = read_description(describe())
    assert catalogue.file == tmp_path / "laspm.csv" and catalogue.kinds == ("dM", "gM")


def test_laspm_of_lamosts_own_catalogue_needs_no_description(tmp_path):
    own = described_table(resource("laspm.yaml"), tmp_path / "m.csv")
    (tmp_path / "m.csv").write_text("obsid|teff|logg|m_h\n7|3500.5|4.8|-0.1\n8|-9999|-9999|-9999\n")
    table = read_catalogue(own)
    assert table["match"].tolist() == [7, 8] and table["teff"][0] == 3500.5 and np.isnan(table["teff"][1])
    spectra = pd.DataFrame({"spectrum_key": ["a", "b"], "obsid": pd.array([7, 9], dtype="Int64")})
    joined = join_described(spectra, ["laspm"], [resource("laspm.yaml")], [tmp_path / "m.csv"])
    assert joined["laspm"]["spectrum_key"].tolist() == ["a"] and joined["laspm"]["teff_catalog"].tolist() == [3500.5]
    (tmp_path / "m.csv").write_text("obsid|ra\n7|1.0\n")  # of a release before LASPM
    assert read_catalogue(own)[["teff", "logg", "m_h"]].isna().all(axis=None)


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
        ({"kinds": 5}, "kinds: '5' is of a wrong type"),
        ({"name": "../../x"}, "name: expected letters, digits"),
        ({"name": "a{b}"}, "name: expected letters, digits"),
        ({"name": ["a"]}, "name: expected letters, digits"),
        ({"file": "a{b}.csv"}, "file: expected the name of a file without braces"),
        ({"file": None}, "file: expected the name of a file"),
        ({"title": {"a": 1}}, "title: .* is of a wrong type"),
        ({"missing": "none"}, "missing: 'none' is of a wrong type"),
        ({"scale": {"teff": "k"}}, "scale: expected a number for some of teff"),
        ({"offset": {"age": 1.0}}, "offset: expected a number for some of teff"),
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
    with pytest.raises(InputError, match="laspm.csv: no such file"):
        read_catalogue(read_description(describe()))
    Table({"id": [1], "T": [1.0]}).write(tmp_path / "laspm.csv")
    with pytest.raises(InputError, match="no column 'feh'. The file has: id, T"):
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
