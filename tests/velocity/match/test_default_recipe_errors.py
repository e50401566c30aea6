"""Errors of template matching: those of the noise, also where pixels share it."""

import numpy as np
import pytest
from made_stars import KINDS, REST, TEMPLATES, observe, plain_match
from scipy.ndimage import gaussian_filter1d

from mstars.spectra.container import SpectrumSet
from mstars.velocity.compiling import Observed
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank
from mstars.velocity.match.mixture import LAGS, STEP_KMS, score

PLAIN = plain_match(weights="ivar", noise_floor=0.0)


def bank_with(luminosity="dwarf"):
    count = len(KINDS)
    return make_bank(REST, TEMPLATES, [f"t{k}" for k in range(count)], luminosity=[luminosity] * count)


def correlated(n, seed, snr, kernel):
    """As `observe`, with noise mixed by ``kernel`` over neighbouring pixels; ivar is that of each pixel."""
    clean, rv, _ = observe(n, seed, snr=1e6, masks=False)
    rng = np.random.default_rng(seed)
    white = rng.normal(size=(n, clean.flux.shape[1] + len(kernel) - 1))
    noise = np.array([np.convolve(row, kernel, "valid") for row in white]) / np.sqrt((kernel**2).sum())
    sigma = clean.flux.mean(axis=1, keepdims=True) / snr
    flux = (clean.flux + noise * sigma).astype(np.float32)
    ivar = np.broadcast_to(sigma**-2, flux.shape).astype(np.float32)
    return SpectrumSet(flux, ivar, clean.ormask, clean.wavelength, clean.spectrum_key), rv


def width(values):
    return 1.4826 * np.median(np.abs(values - np.median(values)))


@pytest.mark.parametrize("kernel", [[1.0], [0.3, 1.0, 0.3], [1.0, 1.0, 1.0]])
def test_errors_are_those_of_noise_that_pixels_share(kernel):
    spectra, rv = correlated(300, 81, 20.0, np.array(kernel))
    result = match_templates(spectra, bank_with(), PLAIN)
    assert 0.87 < width((result.rv_tm - rv) / result.rv_tm_err) < 1.13


def test_noise_that_is_shared_has_larger_errors():
    errors = [
        match_templates(correlated(60, 82, 20.0, np.array(kernel))[0], bank_with(), PLAIN).rv_tm_err.median()
        for kernel in ([1.0], [1.0, 1.0, 1.0])
    ]
    assert errors[1] > 1.08 * errors[0]


def test_information_and_factor_are_numpys():
    rng = np.random.default_rng(5)
    spectra, rv, kind = observe(1, 83, snr=30.0, masks=False)
    bank = bank_with()
    pixels = bank.pixels(spectra.wavelength)
    offset = bank.offset(spectra.wavelength, pixels)
    flux = spectra.flux[0, pixels].astype(float) / 1e3
    weight = np.where(rng.random(flux.size) < 0.1, 0.0, 900.0)
    x = np.linspace(-1, 1, flux.size)
    information, found = score(Observed(flux, weight, x), bank.coefficient[kind[0]], offset, rv[0])
    model, low, high = (
        bank.evaluate(kind[0], rv[0] + step, spectra.wavelength, pixels) for step in (0, -STEP_KMS, STEP_KMS)
    )
    design, root = np.vander(x, 5) * model[:, None], np.sqrt(weight)
    solved = np.linalg.lstsq(design * root[:, None], flux * root, rcond=None)[0]
    z = (flux - design @ solved) * root
    d = (high - low) / (2 * STEP_KMS) * (np.vander(x, 5) @ solved) * root
    d -= design * root[:, None] @ np.linalg.lstsq(design * root[:, None], d, rcond=None)[0]
    assert information == pytest.approx(d @ d, rel=1e-6)
    lags = [(z[k:] @ z[:-k]) / (z @ z) * (d[k:] @ d[:-k]) / (d @ d) for k in range(1, LAGS + 1)]
    assert found == pytest.approx(1 + 2 * sum(lags), abs=1e-6)


def test_a_star_with_shallower_features_than_the_template_has_larger_errors():
    """Half of the features means half of the curvature, and twice the error of the same noise."""
    spectra, rv, _ = observe(300, 84, snr=1e6, masks=False)
    smooth = gaussian_filter1d(spectra.flux, 60, axis=1)
    sigma = smooth.mean(axis=1, keepdims=True) / 25.0
    noise = sigma * np.random.default_rng(84).normal(size=smooth.shape)
    ivar = np.broadcast_to(sigma**-2, smooth.shape).astype(np.float32)
    errors = []
    for depth in (1.0, 0.5):
        flux = (smooth + depth * (spectra.flux - smooth) + noise).astype(np.float32)
        seen = SpectrumSet(flux, ivar, spectra.ormask, spectra.wavelength, spectra.spectrum_key)
        result = match_templates(seen, bank_with(), PLAIN)
        errors.append(result.rv_tm_err.median())
        assert 0.85 < width((result.rv_tm - rv) / result.rv_tm_err) < 1.15
    assert errors[1] > 1.6 * errors[0]


def test_giants_have_a_floor_of_their_own():
    spectra = observe(10, 85, snr=300.0)[0]
    options = plain_match(weights="ivar", error_floor_kms=1.0, giant_floor_kms=4.0)
    dwarfs, giants = (match_templates(spectra, bank_with(kind), options).rv_tm_err for kind in ("dwarf", "giant"))
    np.testing.assert_allclose(giants**2 - dwarfs**2, 15.0, rtol=1e-6)
