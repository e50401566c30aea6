import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.engines.csn.catalogue import COLUMNS, candidates, read_candidates, value_added


def tables(n=60):
    keys = [f"k{number:02d}" for number in range(n)]
    draws = np.random.default_rng(1)
    parameters = pd.DataFrame({"spectrum_key": keys, "teff": draws.normal(3500, 30, n), "logg": 5.0, "m_h": 0.0})
    parameters = parameters.assign(teff_err=10.0, logg_err=0.01, m_h_err=0.02)
    flags = pd.DataFrame({"spectrum_key": keys, "parameter_flag": [0] + [1] * (n - 1)})
    catalog = pd.DataFrame({"spectrum_key": keys, "obsid": np.arange(n), "ra": 1.0, "dec": 2.0, "snrr": 20.0})
    catalog = catalog.assign(snri=50.0, subclass="dM3", rv=draws.normal(0, 3, n), rv_err=2.0)
    gaia = pd.DataFrame({"spectrum_key": keys, "star_id": "s", "source_id": pd.array(range(n), "Int64")})
    photometry = {"phot_g_mean_mag": 15.0, "phot_bp_mean_mag": 16.0, "phot_rp_mean_mag": 14.0}
    gaia = gaia.assign(**photometry, parallax=10.0, parallax_error=0.1, ruwe=1.0)
    gaia.loc[5, "source_id"] = pd.NA
    indices = pd.DataFrame(
        {"spectrum_key": keys, "subtype_tio5": 3.0, "active": pd.array([1, 0, None] * (n // 3), "Int16")}
    )
    return parameters, flags, catalog, gaia, indices


def test_the_catalogue_has_table_1s_columns_and_recommended_spectra_alone():
    table, repeats = value_added(*tables())
    assert list(table) == ["spectrum_key", *COLUMNS] and len(table) == 59 and "k00" not in set(table["spectrum_key"])
    assert set(repeats) == {"teff", "logg", "m_h", "rv"}
    assert (table["e_Teff"] > 10).all() and (table["e_RV"] >= 2).all()
    assert table["Activity"].isna().sum() == 20 and table["Activity"].sum() == 19
    assert table.loc[0, ["RA", "SNRi", "Gmag", "Plx", "SpT"]].tolist() == [1, 50, 15, 10, 3]


def test_a_velocity_of_its_own_is_the_catalogues_with_the_shift():
    parameters, *others = tables()
    shift = np.where(np.arange(len(parameters)) == 3, np.nan, 7.0)
    (usual, _), (moved, _) = value_added(parameters, *others), value_added(parameters.assign(rv_shift=shift), *others)
    assert (moved["RV"] - usual["RV"]).tolist() == pytest.approx([7.0, 7.0, 0.0] + [7.0] * 56)


def test_binaries_come_before_variables_and_unknown_stars_are_neither():
    source = pd.Series(pd.array([1, 2, 3, None], "Int64"))
    assert candidates(source, {1, 2}, {2}).tolist() == [1, 2, 0, 0]


def test_candidates_are_read_from_tables_in_any_spelling(tmp_path):
    (tmp_path / "one.csv").write_text("Source,kind\n1234567890123456789,RR\n,\n")
    (tmp_path / "two.csv").write_text("gaia_dr3\n5\n")
    found = read_candidates([str(tmp_path / "one.csv"), str(tmp_path / "two.csv")], "engines.csn.catalogue.variables")
    assert found == {1234567890123456789, 5}
    (tmp_path / "bad.csv").write_text("name\nx\n")
    with pytest.raises(InputError, match="engines.csn.catalogue.binaries.*source_id"):
        read_candidates([str(tmp_path / "bad.csv")], "engines.csn.catalogue.binaries")
