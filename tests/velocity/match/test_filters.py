"""What is broader than lines is taken out."""

import numpy as np
from made_stars import observe, plain_match

from mstars.core.constants import C_KMS
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.filters import subtract_running_mean
from mstars.velocity.match.prepare import SMOOTH_PIXELS, prepare

HALF = SMOOTH_PIXELS // 2


def plain_filter(values, half, share):
    return np.array([value - share * values[max(0, k - half) : k + half + 1].mean() for k, value in enumerate(values)])


def test_running_mean_is_numpys():
    values = np.random.default_rng(1).normal(2.0, 1.0, (3, 400))
    expected = np.array([plain_filter(row, 30, 0.8) for row in values])
    np.testing.assert_allclose(subtract_running_mean(values, 30, 0.8), expected, atol=1e-12)
    assert subtract_running_mean(values.astype(np.float32), 30, 0.8).dtype == np.float32


def test_the_velocity_is_the_minimum_of_the_filtered_chi2(bank):
    spectra, rv, _ = observe(4, seed=3)
    options = plain_match(weights="ivar", smooth_removed=0.8)
    table = match_templates(spectra, bank, options)
    pixels = bank.pixels(spectra.wavelength)
    flux, bad, scale = prepare(spectra, pixels)
    powers = np.vander(np.linspace(-1, 1, flux.shape[1]), 5)
    for row in range(len(spectra)):
        good = ~bad[row]
        every = np.arange(len(good))
        y = plain_filter(np.interp(every, every[good], flux[row, good].astype(float)), HALF, 0.8)
        ivar = spectra.ivar[row, pixels] * scale[row] ** 2
        weight = np.where(good, ivar / (1 + ivar * options.noise_floor**2), 0)
        weight[:HALF] = weight[-HALF:] = 0
        template = int(np.flatnonzero(bank.name == table.tm_template[row])[0])

        def chi2(velocity, template=template, y=y, weight=weight):
            model = plain_filter(bank.evaluate(template, velocity, spectra.wavelength, pixels), HALF, 0.8)
            root = np.sqrt(weight)
            design = powers * (model * root)[:, None]
            solution = np.linalg.lstsq(design, y * root, rcond=None)[0]
            return ((y * root - design @ solution) ** 2).sum()

        near = table.rv_tm[row] + np.linspace(-6, 6, 25)
        bend, slope, _ = np.polyfit(near - table.rv_tm[row], [chi2(v) for v in near], 2)
        assert abs(-slope / (2 * bend)) < 0.05
        assert abs(table.rv_tm[row] - rv[row]) < 10


def test_velocities_stand_where_stars_and_templates_differ_smoothly(bank):
    """A broad change that no quartic follows: filtered velocities are nearer to the truth, and unflagged."""
    spectra, rv, _ = observe(60, seed=8, snr=200.0, masks=False)
    wavelength = spectra.wavelength
    rest = wavelength[None] / (1 + rv[:, None] / C_KMS)
    spectra.flux[:] *= (1 + 0.06 * np.sin(2 * np.pi * rest / 700.0)).astype("f4")
    miss = {}
    for share in (0.0, 0.8):
        table = match_templates(spectra, bank, plain_match(weights="ivar", smooth_removed=share))
        miss[share] = np.abs(table.rv_tm - rv).mean()
    assert miss[0.8] < 0.7 * miss[0.0]
