"""Gaia's sources at the epoch of the spectrum."""

import numpy as np
import pandas as pd
import pytest
from made_sky import ARCSEC, SETTINGS, candidates, gaia_table

from mstars.core.errors import InputError
from mstars.sky.allwise import match_allwise
from mstars.sky.apogee import match_apogee
from mstars.sky.crossmatch import propagate
from mstars.sky.gaia import match_gaia


def test_the_second_source_in_the_fibre_is_told_with_its_brightness(tmp_path):
    gaia = gaia_table([10.0, 10.0, 50.0], [20.0, 20 + 2 * ARCSEC, 0.0])
    gaia["phot_g_mean_mag"] = [15.0, 17.5, 14.0]
    gaia.to_parquet(tmp_path / "gaia.parquet")
    table = match_gaia(candidates([10.0, 50.0], [20.0, 0.0]), tmp_path / "gaia.parquet", None, SETTINGS)
    assert table["next_sep_arcsec"].round(3).tolist()[0] == 2.0 and table["next_g_mag"][0] == 17.5
    assert table[["next_sep_arcsec", "next_g_mag"]].isna().all(axis=1).tolist() == [False, True]


def test_a_fast_star_is_found_at_the_epoch_it_was_observed_at(tmp_path):
    # 1"/yr east; observed in 2011 where it was then (fibre by input coordinates of that epoch), 5" from Gaia's place
    at_2011 = propagate([50.0], [10.0], [1000.0], [0.0], -5.0)
    table = gaia_table([50.0, 80.0], [10.0, 10.0], pmra=[1000.0, 5.0])
    table.to_parquet(tmp_path / "gaia.parquet")
    rows = candidates([*at_2011[0], 80.0, 200.0], [*at_2011[1], 10.0, 0.0], obsdate="2010-12-31")
    ours = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS)
    paper = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS | {"method": "plain"})
    assert ours["match_epoch"].tolist() == ["observation", "catalogue", ""]
    assert ours["source_id"].tolist()[:2] == [2**62, 2**62 + 1]
    assert ours["sep_arcsec"][0] < 0.01
    assert paper["source_id"].isna().tolist() == [True, False, True]


def test_input_coordinates_at_gaia_epoch_are_found_too(tmp_path):
    gaia_table([50.0], [10.0], pmra=[1000.0]).to_parquet(tmp_path / "gaia.parquet")
    found = match_gaia(candidates([50.0], [10.0], obsdate="2011-01-01"), tmp_path / "gaia.parquet", None, SETTINGS)
    assert found["match_epoch"].tolist() == ["catalogue"]


def test_another_input_epoch_can_be_tried(tmp_path):
    gaia_table([50.0], [10.0], pmra=[1000.0]).to_parquet(tmp_path / "gaia.parquet")
    ra, dec = propagate([50.0], [10.0], [1000.0], [0.0], -16.0)
    rows = candidates(ra, dec, obsdate="2016-01-01")
    without = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS | {"input_epoch": None})
    assert without["source_id"].isna().all()
    with_epoch = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS)
    assert with_epoch["match_epoch"].tolist() == ["input"]


def test_many_to_one_star_ids_and_the_catalogues_own_identifier(tmp_path):
    gaia_table([10.0, 20.0], [0.0, 0.0]).to_parquet(tmp_path / "gaia.parquet")
    own = pd.array([2**62, 5, pd.NA, pd.NA, -9999, 0], dtype="Int64")
    rows = candidates([10.0, 10.0 + ARCSEC, 20.0, 30.0, 30.0 + 2 * ARCSEC, 31.0], [0.0] * 6, gaia_source_id=own)
    table = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS)
    assert table["many_to_one"].tolist() == [True, True, False, False, False, False]
    assert table["n_spectra"].tolist() == [2, 2, 1, 0, 0, 0]
    assert table["id_agrees"].isna().tolist() == [False, False, True, True, True, True]
    assert table["id_agrees"][:2].tolist() == [True, False]
    first = rows["spectrum_key"][3]
    assert table["star_id"].tolist() == [str(2**62)] * 2 + [str(2**62 + 1)] + [f"pos-{first}"] * 2 + [
        f"pos-{rows['spectrum_key'][5]}"
    ]


def test_coordinates_out_of_range_match_nothing_and_do_no_harm(tmp_path):
    gaia_table([10.0], [0.0]).to_parquet(tmp_path / "gaia.parquet")
    rows = candidates([10.0, np.nan, 400.0, 10.0], [0.0, 0.0, 0.0, -95.0])
    table = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS)
    assert table["source_id"].notna().tolist() == [True, False, False, False]
    assert table["star_id"].nunique() == 4


@pytest.mark.parametrize("match", [match_gaia, match_allwise, match_apogee])
def test_an_absent_catalogue_gives_null_columns(match):
    rows = candidates([10.0, 20.0], [0.0, 0.0])
    gaia = match_gaia(rows, None, None, SETTINGS)
    table = gaia if match is match_gaia else match(rows, gaia, None, SETTINGS)
    assert len(table) == 2
    values = table.drop(columns=["spectrum_key", "star_id", "n_within", "n_spectra", "many_to_one"], errors="ignore")
    assert ((values.isna()) | (values == "")).all(axis=None)


def test_an_empty_survey_is_a_table_without_rows(tmp_path):
    gaia_table([10.0], [0.0]).to_parquet(tmp_path / "gaia.parquet")
    table = match_gaia(candidates([], []), tmp_path / "gaia.parquet", None, SETTINGS)
    assert len(table) == 0
    assert "r_med_geo" in table


def test_a_gaia_file_without_proper_motions_is_refused_unless_plain(tmp_path):
    gaia_table([1.0], [1.0]).drop(columns=["pmra", "pmdec"]).to_parquet(tmp_path / "g.parquet")
    with pytest.raises(InputError, match="crossmatch.method: plain"):
        match_gaia(candidates([1.0], [1.0]), tmp_path / "g.parquet", None, SETTINGS)
    table = match_gaia(candidates([1.0], [1.0]), tmp_path / "g.parquet", None, SETTINGS | {"method": "plain"})
    assert table["source_id"].notna().all()


def test_distances_join_by_source(tmp_path):
    gaia_table([1.0, 2.0], [1.0, 1.0], source_id=[11, 12]).to_parquet(tmp_path / "g.parquet")
    pd.DataFrame({"Source": [12, 12, 13], "rgeo": [50.0, 50.0, 1.0]}).to_csv(tmp_path / "d.csv", index=False)
    table = match_gaia(candidates([1.0, 2.0], [1.0, 1.0]), tmp_path / "g.parquet", tmp_path / "d.csv", SETTINGS)
    assert np.isnan(table["r_med_geo"][0])
    assert table["r_med_geo"][1] == 50.0
    assert table["parallax_over_error"].tolist() == [100.0, 100.0]
    assert table["bp_rp"].tolist() == [2.0, 2.0]


def test_real_lamost_coordinates_need_the_epoch_of_the_input_catalogue(real, tmp_path):
    """26 real M dwarfs: LAMOST's coordinates are where the stars were in 2000, whenever they were observed."""
    spectra = pd.read_csv(real / "lamost" / "m_star_truth.csv", dtype={"cif03_GaiaDR3_id": "string"})
    spectra = spectra[spectra["cif03_GaiaDR3_id"].notna()].reset_index(drop=True)
    stars = pd.read_csv(real / "catalogs" / "CARMENES" / "cif03.full_table.csv.gz", dtype="string")
    stars = stars[stars["pmra"].notna() & stars["ra"].notna()].drop_duplicates("GaiaDR3_id")
    stars = stars.rename(columns={"GaiaDR3_id": "source_id", "G_mag": "Gmag", "BP_mag": "BPmag", "RP_mag": "RPmag"})
    stars.assign(RFG=100, RFBP=100, RFRP=100).to_csv(tmp_path / "gaia.csv", index=False)
    year = 2000 + (spectra["mjd"] - 51544.5) / 365.25
    rows = candidates(spectra["ra"], spectra["dec"], obsdate="").assign(mjd=spectra["mjd"])
    assert year.between(2012, 2020).all()
    found = match_gaia(rows, tmp_path / "gaia.csv", None, SETTINGS)
    assert found["source_id"].notna().all()
    same = found["source_id"].astype("string") == spectra["cif03_GaiaDR3_id"]
    assert same.sum() >= len(spectra) - 3  # the others are the second star of a pair closer than a fibre
    assert (found["match_epoch"] == "input").mean() > 0.9
    for other in ({"method": "plain"}, {"input_epoch": None}):
        lost = match_gaia(rows, tmp_path / "gaia.csv", None, SETTINGS | other)
        assert lost["source_id"].notna().sum() < 8
