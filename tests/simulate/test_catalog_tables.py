"""Catalogues of a simulated survey."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from mstars.simulate.observations import ZERO_POINT_KMS
from mstars.sky.gaia_criteria import excess_sigma, usual_excess


def test_catalogues(survey, plan):
    m = fits.getdata(survey / "catalogs" / "lamost_m.fits.gz")
    assert len(m) == (plan["role"] == "candidate").sum()
    assert {"obsid", "planid", "snri", "subclass", "z", "z_err", "gaia_source_id", "tio5", "zeta"} <= set(m.names)
    assert set(np.char.lower(np.char.strip(m["subclass"].astype(str), "0123456789"))) <= {"dm", "gm", "sdm"}
    gaia = fits.getdata(survey / "catalogs" / "gaia_dr3.fits")
    assert len(np.unique(gaia["source_id"])) == len(gaia)
    excess = (gaia["phot_bp_rp_excess_factor"] - usual_excess(gaia["bp_rp"])) / excess_sigma(gaia["phot_g_mean_mag"])
    assert 0.94 < np.mean(np.abs(excess) < 3) < 0.99 and set(gaia["non_single_star"]) == set(range(8))
    assert 0.02 < np.mean(gaia["phot_variable_flag"] == "VARIABLE") < 0.06
    stars = plan["star"].nunique()
    assert 0.9 * stars < len(gaia) < 1.05 * stars
    apogee = fits.getdata(survey / "catalogs" / "apogee_dr16.fits")
    assert {name[:3] for name in apogee["ASPCAP_CLASS"]} <= {"GKg", "GKd", "Mg_", "Md_"}
    truth = pd.read_parquet(survey / "truth.parquet")
    assert len(truth) == len(plan) and truth["spectrum_key"].is_unique
    assert np.allclose(truth["true_rv_lamost"] - truth["true_rv"], ZERO_POINT_KMS)


def test_dust_map_is_read_by_dustmaps(survey, plan):
    bayestar = pytest.importorskip("dustmaps.bayestar")
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    query = bayestar.BayestarQuery(map_fname=str(survey / "dust" / "bayestar.h5"))
    stars = plan[plan["kind"] == "dM"]
    stars = stars[stars["ebv"] > 0.02].head(30)
    places = SkyCoord(
        stars["ra"].to_numpy() * u.deg, stars["dec"].to_numpy() * u.deg, stars["distance"].to_numpy() * u.pc
    )
    found = 0.884 * query(places, mode="median")
    assert np.nanmedian(np.abs(found / stars["ebv"].to_numpy() - 1)) < 0.15
