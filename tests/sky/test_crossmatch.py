"""Matches on the sky, star names and the reading of external catalogues."""

import numpy as np
import pandas as pd
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from astropy.time import Time

from mstars.core.config.whole import filled
from mstars.core.errors import InputError
from mstars.files.external_tables import read_external
from mstars.sky.allwise import ALLWISE, match_allwise
from mstars.sky.apogee import clean_apogee, match_apogee
from mstars.sky.crossmatch import match_fixed, match_moving, propagate, sky_groups
from mstars.sky.gaia import DISTANCES, GAIA, match_gaia
from mstars.sky.places import observation_year

SETTINGS = filled({})["crossmatch"]
ARCSEC = 1 / 3600


def candidates(ra, dec, obsdate="2016-01-01", **columns):
    n = len(ra)
    table = {"spectrum_key": [f"57388-A-sp01-{i:03d}" for i in range(n)], "ra": ra, "dec": dec}
    table |= {"obsdate": obsdate, "mjd": 57388, "gaia_source_id": pd.array([pd.NA] * n, dtype="Int64")}
    return pd.DataFrame(table | columns)


def gaia_table(ra, dec, pmra=0.0, pmdec=0.0, source_id=None):
    n = len(ra)
    table = pd.DataFrame({"source_id": source_id or [2**62 + i for i in range(n)], "ra": ra, "dec": dec})
    table = table.assign(pmra=pmra, pmdec=pmdec, parallax=10.0, parallax_error=0.1)
    for band in ("g", "bp", "rp"):
        table[f"phot_{band}_mean_mag"] = {"g": 14.0, "bp": 15.0, "rp": 13.0}[band]
        table[f"phot_{band}_mean_flux_over_error"] = 100.0
    return table.assign(ruwe=1.0)


def test_propagation_agrees_with_astropy():
    generator = np.random.default_rng(1)
    ra, dec = generator.uniform(0, 360, 200), np.degrees(np.arcsin(generator.uniform(-1, 1, 200)))
    pmra, pmdec = generator.uniform(-3000, 3000, (2, 200))
    start = SkyCoord(
        ra * units.deg,
        dec * units.deg,
        pm_ra_cosdec=pmra * units.mas / units.yr,
        pm_dec=pmdec * units.mas / units.yr,
        distance=10 * units.pc,
        radial_velocity=0 * units.km / units.s,
        obstime=Time(2016.0, format="jyear"),
    )
    end = start.apply_space_motion(new_obstime=Time(2012.0, format="jyear"))
    ours = SkyCoord(*propagate(ra, dec, pmra, pmdec, -4.0), unit="deg")
    assert ours.separation(end.transform_to("icrs")).arcsec.max() < 1e-3


def test_nearest_of_two_is_kept_and_both_are_counted():
    match = match_fixed(
        {"observation": (np.array([10.0]), np.array([20.0]))},
        pd.DataFrame({"ra": [10.0, 10.0, 10.0], "dec": [20 + 2 * ARCSEC, 20 - 1 * ARCSEC, 20 + 4 * ARCSEC]}),
        3.0,
    )
    assert match["index"].tolist() == [1]
    assert match["n_within"].tolist() == [2]
    assert match["sep_arcsec"][0] == pytest.approx(1.0, abs=1e-6)
    assert match["next"].tolist() == [0] and match["next_sep_arcsec"][0] == pytest.approx(2.0, abs=1e-6)


def test_the_second_source_in_the_fibre_is_told_with_its_brightness(tmp_path):
    gaia = gaia_table([10.0, 10.0, 50.0], [20.0, 20 + 2 * ARCSEC, 0.0])
    gaia["phot_g_mean_mag"] = [15.0, 17.5, 14.0]
    gaia.to_parquet(tmp_path / "gaia.parquet")
    table = match_gaia(candidates([10.0, 50.0], [20.0, 0.0]), tmp_path / "gaia.parquet", None, SETTINGS)
    assert table["next_sep_arcsec"].round(3).tolist()[0] == 2.0 and table["next_g_mag"][0] == 17.5
    assert table[["next_sep_arcsec", "next_g_mag"]].isna().all(axis=1).tolist() == [False, True]


def test_matches_equal_astropy_everywhere_on_the_sky():
    generator = np.random.default_rng(2)
    ra, dec = generator.uniform(0, 360, 3000), np.degrees(np.arcsin(generator.uniform(-1, 1, 3000)))
    dec[:20], ra[20:40], dec[40:60] = 89.9999, 0.0001, -89.9999
    shift = generator.normal(0, 2, (2, 3000)) * ARCSEC
    catalogue = pd.DataFrame({"ra": (ra + shift[0] / np.cos(np.radians(dec))) % 360, "dec": dec + shift[1]})
    catalogue["dec"] = catalogue["dec"].clip(-90, 90)
    match = match_fixed({"observation": (ra, dec)}, catalogue, 3.0)
    index, separation, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(
        SkyCoord(catalogue["ra"], catalogue["dec"], unit="deg")
    )
    expected = np.where(separation.arcsec <= 3, index, -1)
    assert np.array_equal(match["index"], expected)
    found = match["index"] >= 0
    assert np.allclose(match["sep_arcsec"][found], separation.arcsec[found], atol=1e-6)


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


def test_groups_chain_within_the_radius():
    group = sky_groups(np.array([1.0, 1 + 2 * ARCSEC, 1 + 4 * ARCSEC, 2.0, np.nan]), np.zeros(5), 3.0)
    assert group[0] == group[1] == group[2]
    assert len(set(group)) == 3


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


def test_observation_year_takes_obsdate_then_mjd():
    table = pd.DataFrame({"obsdate": ["2016-01-01", "", None], "mjd": [0, 57388.5, -9999]})
    year = observation_year(table)
    assert year[:2] == pytest.approx(2016.0, abs=0.003)
    assert np.isnan(year[2])


def test_allwise_is_found_where_gaia_says_the_star_was(tmp_path):
    table = gaia_table([50.0], [10.0], pmra=[1000.0])
    table.to_parquet(tmp_path / "gaia.parquet")
    ra, dec = propagate([50.0], [10.0], [1000.0], [0.0], -5.5)
    wise = Table({"AllWISE": ["J1"], "RAJ2000": ra, "DEJ2000": dec})
    for name, value in {"W1mag": 9.0, "e_W1mag": 0.02, "W2mag": 8.9, "e_W2mag": 0.03}.items():
        wise[name] = np.array([value], dtype="f4")
    wise.write(tmp_path / "allwise.fits")
    rows = candidates([50.0], [10.0])
    gaia = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS)
    ours = match_allwise(rows, gaia, tmp_path / "allwise.fits", SETTINGS)
    paper = match_allwise(rows, gaia, tmp_path / "allwise.fits", SETTINGS | {"method": "plain"})
    assert ours["match_epoch"].tolist() == ["catalogue"]
    assert ours["w1mpro"][0] == pytest.approx(9.0)
    assert paper["designation"].tolist() == [""]
    assert paper["w1mpro"].isna().all()


def apogee_table(path, rows):
    names = ("TEFF", "LOGG", "M_H", "ALPHA_M")
    table = Table({"APOGEE_ID": [row[0] for row in rows], "RA": [row[1] for row in rows], "DEC": [0.0] * len(rows)})
    table["SNR"] = np.array([row[2] for row in rows], dtype="f4")
    for name in names:
        table[name] = np.array([row[3] if name == "TEFF" else 0.1 for row in rows], dtype="f4")
        table[f"{name}_ERR"] = np.float32(0.01)
    table["ASPCAP_CLASS"], table["ASPCAPFLAG"], table["STARFLAG"] = "GKd_a", 1 << 23, 0
    table["EXTRATARG"] = [row[4] for row in rows]
    table["PARAM_COV"] = np.zeros((len(rows), 3, 3), dtype="f4")
    table.write(path)


def test_apogee_is_deduplicated_and_its_missing_values_are_null(tmp_path):
    rows = [("2M1", 10.0, 50, 3700, 0), ("2M1", 10.0, 200, 3750, 0), ("2M1", 10.0, 999, 3800, 16)]
    apogee_table(tmp_path / "allStar.fits", [*rows, ("2M2", 20.0, 100, -9999, 0)])
    spectra = candidates([10.0, 20.0, 30.0], [0.0] * 3)
    gaia = match_gaia(spectra, None, None, SETTINGS)
    table = match_apogee(spectra, gaia, tmp_path / "allStar.fits", SETTINGS)
    assert table["apogee_id"].tolist() == ["2M1", "2M2", ""]
    assert table["TEFF"][0] == 3750
    assert np.isnan(table["TEFF"][1])
    assert table["LOGG"][1] == pytest.approx(0.1)
    assert table["ASPCAPFLAG"].tolist()[:2] == [1 << 23] * 2
    assert table["ASPCAP_CLASS"][0] == "GKd_a"


def test_clean_apogee_keeps_order():
    names = ("TEFF", "LOGG", "M_H", "ALPHA_M")
    table = pd.DataFrame({"APOGEE_ID": ["b", "a"], "SNR": [1.0, 2.0], "EXTRATARG": pd.array([0, pd.NA], dtype="Int64")})
    table = table.assign(**{name + end: 1.0 for name in names for end in ("", "_ERR")})
    assert clean_apogee(table)["APOGEE_ID"].tolist() == ["b", "a"]


@pytest.mark.parametrize("ending", ["fits", "fits.gz", "csv", "csv.gz", "parquet", "vot"])
def test_formats_and_spellings_give_the_same_table(tmp_path, ending):
    identifiers = [5853498713190525696, 4472832130942575872]
    table = pd.DataFrame({"Source": identifiers, "rgeo": [1.5, np.nan], "b_rgeo": [1.0, 2.0], "B_rgeo": [3.0, 4.0]})
    path = tmp_path / f"distances.{ending}"
    if ending == "parquet":
        table.to_parquet(path)
    elif ending.startswith("csv"):
        table.to_csv(path, index=False, sep="|" if ending == "csv" else ",")
    else:
        Table.from_pandas(table).write(path, format="votable" if ending == "vot" else None)
    read = read_external(path, DISTANCES, "external.distances")
    assert read["source_id"].tolist() == identifiers
    assert read["source_id"].dtype == "Int64"
    assert read["r_med_geo"][0] == 1.5
    assert np.isnan(read["r_med_geo"][1])
    assert read["r_lo_geo"].tolist() == [1.0, 2.0]
    assert read["r_hi_geo"].tolist() == [3.0, 4.0]


def test_fits_nulls_become_null(tmp_path):
    table = Table({"source_id": MaskedColumn([1, 2], mask=[False, True]), "r_med_geo": [1.0, 2.0]})
    table.write(tmp_path / "t.fits")
    assert read_external(tmp_path / "t.fits", DISTANCES, "k")["source_id"].isna().tolist() == [False, True]


def test_a_missing_column_is_named_with_what_is_close(tmp_path):
    gaia_table([1.0], [1.0]).rename(columns={"ruwe": "ruwee"}).to_csv(tmp_path / "g.csv", index=False)
    with pytest.raises(InputError, match=r"external.gaia: .*g.csv: no column 'ruwe' or 'RUWE'; close to it: ruwee"):
        read_external(tmp_path / "g.csv", GAIA, "external.gaia")


def test_identifiers_that_lost_digits_are_refused(tmp_path):
    pd.DataFrame({"source_id": [5.6e17], "r_med_geo": [1.0]}).to_parquet(tmp_path / "d.parquet")
    (tmp_path / "d.csv").write_text("source_id,r_med_geo\n5.64638120384154E+017,1\n")
    for name in ("d.parquet", "d.csv"):
        with pytest.raises(InputError, match="lost digits"):
            read_external(tmp_path / name, DISTANCES, "external.distances")


def test_broken_and_unknown_files_are_refused(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"no fits at all")
    (tmp_path / "a.dat").write_text("x")
    (tmp_path / "a.csv").write_text("source_id,r_med_geo\n1,far\n")
    for name, message in {"a.fits": "not readable", "a.dat": "known endings", "a.csv": "'r_med_geo'"}.items():
        with pytest.raises(InputError, match=message):
            read_external(tmp_path / name, DISTANCES, "external.distances")
    with pytest.raises(InputError, match="no such file"):
        read_external(tmp_path / "none.fits", ALLWISE, "external.allwise")


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


def test_real_high_proper_motion_stars_match_only_with_their_motion(real):
    stars = pd.read_csv(real / "catalogs" / "CARMENES" / "cif03.full_table.csv.gz", low_memory=False)
    stars = stars[stars["pmra"].notna() & stars["ra"].notna()].drop_duplicates("GaiaDR3_id").reset_index(drop=True)
    at_2011 = propagate(*(stars[name].to_numpy(float) for name in ("ra", "dec", "pmra", "pmdec")), -4.5)
    years = {"catalogue": np.zeros(len(stars)), "observation": np.full(len(stars), -4.5)}
    ours = match_moving(*at_2011, years, stars, 3.0)
    plain = match_moving(*at_2011, {"catalogue": years["catalogue"]}, stars, 3.0)
    assert (ours["index"] == np.arange(len(stars))).mean() > 0.999
    assert (plain["index"] == np.arange(len(stars))).mean() < 0.95


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
