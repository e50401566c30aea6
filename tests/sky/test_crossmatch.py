"""Matching on the sky, with proper motions."""

import numpy as np
import pandas as pd
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.time import Time
from made_sky import ARCSEC

from mstars.sky.crossmatch import match_fixed, match_moving, propagate, sky_groups


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


def test_groups_chain_within_the_radius():
    group = sky_groups(np.array([1.0, 1 + 2 * ARCSEC, 1 + 4 * ARCSEC, 2.0, np.nan]), np.zeros(5), 3.0)
    assert group[0] == group[1] == group[2]
    assert len(set(group)) == 3


def test_real_high_proper_motion_stars_match_only_with_their_motion(real):
    stars = pd.read_csv(real / "catalogs" / "CARMENES" / "cif03.full_table.csv.gz", low_memory=False)
    stars = stars[stars["pmra"].notna() & stars["ra"].notna()].drop_duplicates("GaiaDR3_id").reset_index(drop=True)
    at_2011 = propagate(*(stars[name].to_numpy(float) for name in ("ra", "dec", "pmra", "pmdec")), -4.5)
    years = {"catalogue": np.zeros(len(stars)), "observation": np.full(len(stars), -4.5)}
    ours = match_moving(*at_2011, years, stars, 3.0)
    plain = match_moving(*at_2011, {"catalogue": years["catalogue"]}, stars, 3.0)
    assert (ours["index"] == np.arange(len(stars))).mean() > 0.999
    assert (plain["index"] == np.arange(len(stars))).mean() < 0.95
