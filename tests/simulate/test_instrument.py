"""What telescope and pipeline do to a spectrum."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.constants import C_KMS
from mstars.simulate.instrument import dust_left, observe
from mstars.simulate.observations import ZERO_POINT_KMS


def test_noise_is_what_ivar_says(maker, plan):
    """Of a star observed many times: S/N as aimed at, scatter near 1/sqrt(ivar), neighbours correlated."""
    row = plan[(plan["kind"] == "dM") & (plan["planted_rv"] == "")].head(1)
    rows = pd.concat([row] * 60, ignore_index=True).assign(snri_aim=30.0, ebv=0.0)
    rng = np.random.default_rng(5)
    seen = observe(maker.make("dM", rows, rng), rows, rng)
    assert np.median(seen.snr["i"]) == pytest.approx(30, rel=0.1)
    quiet = slice(3080, 3120)
    flux, sigma = seen.flux[:, quiet].astype(float), 1 / np.sqrt(np.maximum(seen.ivar[:, quiet], 1e-12))
    x = np.linspace(-1, 1, 40)
    basis = np.linalg.qr(np.vander(x, 5))[0]
    residual = (flux - (flux @ basis) @ basis.T) / sigma
    residual = residual[np.abs(residual).max(axis=1) < 6]
    assert 0.6 < residual.std() < 1.2
    assert 0.1 < np.mean(residual[:, 1:] * residual[:, :-1]) / np.mean(residual**2) < 0.45


def test_older_pipelines_take_weights_away(maker, plan):
    """As in real files: faint blue pixels of 2012 and before keep their flux and S/N, not their weight."""
    row = plan[(plan["kind"] == "dM") & (plan["planted_rv"] == "")].head(1)
    rows = pd.concat([row] * 12, ignore_index=True).assign(snri_aim=np.geomspace(3, 60, 12), ebv=0.0)
    wave = 10 ** (3.5682 + 1e-4 * np.arange(3909))
    blue, band = wave < 3899, (wave > 7581) & (wave < 7679)
    seen = {}
    for name, values in {
        "first": dict(layout="image", lmjd=55888, planid="B6001"),
        "late": dict(layout="image", lmjd=57000, planid="X"),
        "coadd": dict(layout="coadd", lmjd=57440, planid="X"),
    }.items():
        rng = np.random.default_rng(5)
        seen[name] = observe(maker.make("dM", rows.assign(**values), rng), rows.assign(**values), rng)
    lost = {name: (one.ivar == 0).mean(axis=0) for name, one in seen.items()}
    faint = seen["late"].snr["u"] < 1.8
    assert faint.any() and not faint.all()
    assert (seen["first"].ivar[faint][:, blue] == 0).mean() > 0.7 and lost["coadd"][blue].mean() < 0.01
    assert lost["late"][blue].mean() == pytest.approx(faint.mean(), abs=0.01)
    assert (lost["first"][band] == 1).all() and lost["late"][band].mean() < 0.02
    middle = (wave > 6000) & (wave < 7500)
    assert (seen["first"].ivar[-4:][:, middle] == 0).mean() < 0.02
    np.testing.assert_array_equal(seen["first"].snr["u"], seen["coadd"].snr["u"])
    np.testing.assert_array_equal(seen["first"].flux, seen["coadd"].flux)


def test_velocity_is_in_the_spectrum(maker, plan):
    """H alpha of a written star lies at its true velocity with the zero point."""
    row = plan[(plan["kind"] == "dM") & (plan["planted_rv"] == "")].head(1)
    rows = pd.concat([row] * 20, ignore_index=True).assign(snri_aim=300.0, rv=120.0, active=False, ebv=0.0)
    rng = np.random.default_rng(5)
    seen = observe(maker.make("dM", rows, rng), rows, rng)
    wave = 10 ** (3.5682 + 1e-4 * np.arange(3909))
    mean = seen.flux.mean(axis=0).astype(float)
    centres = 6564.6 * (1 + np.arange(-60, 301) / C_KMS)
    profiles = np.exp(-0.5 * ((wave[None] - centres[:, None]) / 3.5) ** 2)
    core = (wave > 6545) & (wave < 6590)
    basis = np.linalg.qr(np.vander(wave[core] - 6567, 3))[0]
    profiles, mean = profiles[:, core], mean[core]
    profiles, mean = profiles - (profiles @ basis) @ basis.T, mean - basis @ (basis.T @ mean)
    match = profiles @ mean / np.sqrt((profiles**2).sum(axis=1))
    assert np.arange(-60, 301)[np.argmin(match)] == pytest.approx(120 + ZERO_POINT_KMS, abs=12)


def test_dust_left_by_the_calibration():
    n = 4000
    standards = 0.4 * (1 - np.exp(-1000 / 600))
    rows = pd.DataFrame({"role": "train", "ebv_scale": 0.4, "ebv": np.repeat([0.05, standards], n)})
    left = dust_left(rows, np.random.default_rng(1))
    assert left[:n].mean() == pytest.approx(0.05 - standards, abs=0.006)  # in front of the standards: too blue
    assert left[n:].mean() == pytest.approx(0.0, abs=0.006)
    # Student's t of three degrees of freedom: about as wide as real stars, with far more that are much too red or blue
    assert 1.4826 * np.median(np.abs(left[n:])) == pytest.approx(0.125, abs=0.006)
    assert np.mean(np.abs(left[n:]) > 0.39) == pytest.approx(0.038, abs=0.01)
    assert np.abs(left[n:]).max() <= 0.66 + 1e-9
