"""LAMOST's velocity error as measured."""

import numpy as np
import pandas as pd
import pytest

from mstars.velocity.decide.lamost_error import DEFAULT_KMS, SNR_EDGES, measure_lamost_error


def lamost(n, error, seed=5):
    """Velocities with a scatter by S/N, spectra of stars taken twice, and Gaia's for half of the stars."""
    rng = np.random.default_rng(seed)
    star = np.repeat(np.arange(n // 2), 2)
    truth, snri = rng.normal(0, 40, n // 2)[star], rng.uniform(5, 150, n)
    keys = [f"k{k:05d}" for k in range(n)]
    scatter = np.hypot(3.0, np.array(error)[np.searchsorted(SNR_EDGES, snri, side="right")])
    catalog = pd.DataFrame({"spectrum_key": keys, "lamost_rv": truth - 5 + rng.normal(0, 1, n) * scatter})
    catalog = catalog.assign(lamost_rv_err=3.0, snri=snri)
    gaia = pd.DataFrame({"spectrum_key": keys, "star_id": star.astype(str), "radial_velocity": truth})
    return catalog, gaia.assign(radial_velocity_error=np.where(star % 2, 1.0, 9.0))


def test_the_error_of_lamost_is_measured_on_gaia_and_repeats():
    planted = (12.0, 9.0, 7.0, 5.0, 3.0)
    catalog, gaia = lamost(20_000, planted)
    found = measure_lamost_error(catalog, gaia)
    np.testing.assert_allclose(found.added_kms, planted, rtol=0.08)
    assert 2000 < found.n_repeats < 5000 and found.n_gaia == 10_000
    catalog.loc[::50, "lamost_rv"] += 400  # wrong velocities are no errors
    np.testing.assert_allclose(measure_lamost_error(catalog, gaia).added_kms, planted, rtol=0.1)
    assert found.error(np.array([3.0, np.nan]), np.array([30.0, 30.0])) == pytest.approx(
        [np.hypot(3, found.added_kms[2]), found.added_kms[2]]
    )


def test_errors_that_suffice_are_left_alone_and_few_differences_give_the_default(caplog):
    catalog, gaia = lamost(4000, (0.0,) * 5)
    assert max(measure_lamost_error(catalog, gaia).added_kms) < 1.0
    few = measure_lamost_error(catalog.iloc[:12], gaia)
    assert few.added_kms == (DEFAULT_KMS,) * 5 and "only 6 Gaia velocities" in caplog.text


def test_an_interval_with_few_differences_shares_its_neighbours():
    catalog, gaia = lamost(2000, (8.0,) * 5)
    catalog = catalog[(catalog.snri > 20) | (np.arange(2000) % 100 == 0)]
    added = measure_lamost_error(catalog, gaia).added_kms
    assert added[0] == added[1] and added == pytest.approx((8.0,) * 5, rel=0.2)
