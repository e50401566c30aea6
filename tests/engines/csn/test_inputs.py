import numpy as np
import pytest

from mstars.core.config.keys import plain
from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.engines.csn.inputs import grid_of, observed_inputs, theory_inputs, unmasked
from mstars.engines.csn.settings import CsnSettings
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength

SETTINGS = plain(CsnSettings())


def smooth(wavelength):
    return 2 + np.sin(wavelength / 700)


def spectra(flux=None, mask=None, n=1):
    wavelength = lamost_wavelength()
    flux = np.tile(smooth(wavelength), (n, 1)).astype(np.float32) if flux is None else flux
    mask = np.zeros(flux.shape, np.uint8) if mask is None else mask
    return SpectrumSet(flux, np.full(flux.shape, 400, np.float32), mask, wavelength, np.array(["a", "b", "c"][:n]))


def test_the_grid_is_the_papers_and_a_length_that_does_not_fit_is_refused():
    grid = grid_of(SETTINGS)
    assert len(grid) == 2901 and (grid.wavelength[0], grid.wavelength[-1]) == (6000, 8900)
    with pytest.raises(InputError, match="pad_to: 2901 pixels .*give 3071"):
        grid_of({**SETTINGS, "grid": {**SETTINGS["grid"], "pad_to": 2901}})


def test_flux_and_noise_are_divided_by_the_same_continuum():
    x = observed_inputs(spectra(), np.array([0.0]), SETTINGS)
    used = unmasked(grid_of(SETTINGS).wavelength, SETTINGS["masks"])
    assert np.abs(x.flux[0, used] - 1).max() < 0.02 and (x.flux[0, ~used] == 1).all() and (x.ivar[0, ~used] == 0).all()
    continuum = smooth(grid_of(SETTINGS).wavelength)
    assert x.ivar[0, used] == pytest.approx(400 * continuum[used] ** 2, rel=0.05)


def test_masks_are_in_the_rest_frame_or_where_tellurics_are():
    rest, moved = (observed_inputs(spectra(), np.array([300.0]), {**SETTINGS, "mask_frame": frame}).ivar[0] == 0
                   for frame in ("rest", "observed"))  # fmt: skip
    wavelength = grid_of(SETTINGS).wavelength
    inside = lambda low, high: (wavelength >= low) & (wavelength <= high)  # noqa: E731
    assert rest[inside(7587, 7687)].all() and not rest[inside(7580, 7586)].any()
    low, high = (edge / (1 + 300 / C_KMS) for edge in (7587, 7687))
    assert moved[inside(low, high)].all() and not moved[inside(high + 1, 7687)].any()


def test_a_bright_line_within_a_mask_changes_the_continuum_of_the_paper_alone():
    wavelength = lamost_wavelength()
    flux = np.tile(smooth(wavelength), (2, 1)).astype(np.float32)
    flux[1] += 20 * np.exp(-0.5 * ((wavelength - 6566) / 3) ** 2)
    for pixels, changes in (("unmasked", False), ("all", True)):
        settings = {**SETTINGS, "normalisation": {"sigma": 30, "pixels": pixels}}
        x = observed_inputs(spectra(flux, n=2), np.zeros(2), settings)
        assert (np.abs(x.flux[1] - x.flux[0]).max() > 0.1) == changes


def test_bad_pixels_do_not_count_in_the_continuum():
    wavelength = lamost_wavelength()
    flux, mask = np.tile(smooth(wavelength), (2, 1)).astype(np.float32), np.zeros((2, len(wavelength)), np.uint8)
    bad = (wavelength > 6450) & (wavelength < 6460)
    flux[1, bad], mask[1, bad] = 100, 1
    x = observed_inputs(spectra(flux, mask, n=2), np.zeros(2), SETTINGS)
    assert np.abs(x.flux[1] - x.flux[0]).max() < 0.02 and (x.ivar[1][(x.ivar[0] > 0)] == 0).sum() >= 10


def test_a_spectrum_of_constants_or_without_good_pixels_says_nothing():
    wavelength = lamost_wavelength()
    flux, mask = np.ones((2, len(wavelength)), np.float32), np.zeros((2, len(wavelength)), np.uint8)
    mask[1] = 1
    x = observed_inputs(spectra(flux, mask, n=2), np.zeros(2), SETTINGS)
    assert (x.flux == 1).all() and (x.ivar == 0).all()


def test_theory_goes_the_same_way():
    grid = grid_of(SETTINGS)
    flux = smooth(grid.wavelength)[None].astype(np.float32) * np.array([[1], [7]], np.float32)
    made = theory_inputs(flux, SETTINGS)
    assert made[0] == pytest.approx(made[1], rel=1e-5)
    assert np.abs(made[0] - observed_inputs(spectra(), np.zeros(1), SETTINGS).flux[0]).max() < 2e-3
