"""Faint dwarfs are matched over a longer range; bright spectra and giants are left as they are."""

import numpy as np
import pytest
from made_stars import KINDS, REST, TEMPLATES, observe, plain_match

from mstars.core.constants import C_KMS
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank

NEWEST = {"weights": "ivar", "smooth_removed": 0.8, "clip_sigma": 4.0, "local_pixels": 61, "mixture": True}
NAMES = [f"t{k}" for k in range(len(KINDS))]


def with_wide(luminosity="dwarf"):
    lum = [luminosity] * len(NAMES)
    bank = make_bank(REST, TEMPLATES, NAMES, luminosity=lum, rest_range=(7300.0, 8100.0))
    bank.wide = make_bank(REST, TEMPLATES, NAMES, luminosity=lum, rest_range=(4700.0, 8899.0))
    return bank


@pytest.fixture(scope="module")
def faint():
    return observe(60, 61, snr=12.0)


def test_faint_dwarfs_gain_from_the_blue(faint):
    spectra, rv, _ = faint
    bank = with_wide()
    options = plain_match(**NEWEST, faint_error_kms=5.0, min_pixels=300)
    both = match_templates(spectra, bank, options)
    bank.wide = None
    red = match_templates(spectra, bank, options)
    assert both.tm_wide.mean() > 0.7 and not red.tm_wide.any()
    faint_ones = both.tm_wide
    miss, before = np.abs(both.rv_tm - rv)[faint_ones], np.abs(red.rv_tm - rv)[faint_ones]
    assert np.sqrt((miss**2).mean()) < 0.9 * np.sqrt((before**2).mean())
    assert np.median(both.rv_tm_err[faint_ones]) < 0.9 * np.median(red.rv_tm_err[faint_ones])
    assert (both.tm_n_pixels > 2 * red.tm_n_pixels)[both.tm_wide].all()


def test_bright_spectra_and_giants_stay_in_the_red(faint):
    bright = observe(12, 62, snr=300.0)[0]
    options = plain_match(**NEWEST, faint_error_kms=8.0, min_pixels=300)
    for spectra, luminosity in ((bright, "dwarf"), (faint[0], "giant")):
        bank = with_wide(luminosity)
        both = match_templates(spectra, bank, options)
        bank.wide = None
        red = match_templates(spectra, bank, options)
        assert not both.tm_wide.any()
        assert both.equals(red)


def test_what_the_blue_cannot_measure_keeps_the_red():
    """A mask over everything but the red range: the longer range has nothing more, and no row is lost."""
    spectra = observe(6, 63, snr=8.0, masks=False)[0]
    ormask = np.where(spectra.wavelength < 7300, 32, 0).astype(np.uint8)
    masked = SpectrumSet(
        spectra.flux, spectra.ivar, ormask[None].repeat(6, 0), spectra.wavelength, spectra.spectrum_key
    )
    result = match_templates(masked, with_wide(), plain_match(**NEWEST, faint_error_kms=2.5, min_pixels=50))
    assert list(result.spectrum_key) == list(spectra.spectrum_key)
    measured = result.tm_flag & 16 == 0
    assert np.isfinite(result.rv_tm[measured]).all() and measured.any()


def test_one_spectrum_alone_gives_the_same(faint):
    spectra = faint[0]
    options = plain_match(**NEWEST, faint_error_kms=8.0, min_pixels=300)
    bank = with_wide()
    together = match_templates(spectra, bank, options)
    alone = match_templates(spectra.select(slice(7, 8)), bank, options)
    assert together.tm_wide.iloc[7] == alone.tm_wide.iloc[0]
    np.testing.assert_allclose(alone.rv_tm.iloc[0], together.rv_tm.iloc[7], atol=1e-6)


def test_velocities_of_templates_along_the_wavelengths_are_taken_out():
    """Templates whose blue moves by up to 60 km/s: with that as ``moving`` the velocities are right."""
    spectra, rv, _ = observe(20, 64, snr=200.0, masks=False)
    bend = 60.0 * np.clip((6500.0 - REST) / 1800.0, 0, None)
    bent = np.array([np.interp(REST, REST * (1 + bend / C_KMS), row) for row in TEMPLATES])
    span = {"rest_range": (4700.0, 6500.0)}
    options = plain_match(weights="ivar", min_pixels=300)
    wrong = match_templates(spectra, make_bank(REST, bent, NAMES, **span), options)
    moving = np.zeros(len(NAMES))[:, None] + bend
    right = match_templates(spectra, make_bank(REST, bent, NAMES, moving=moving, **span), options)
    assert np.median(wrong.rv_tm - rv) < -10.0
    assert np.abs(np.median(right.rv_tm - rv)) < 0.5


def test_the_torch_path_gives_the_same_numbers_by_the_newest_recipe(faint):
    """Running mean, clipping, weights, mixture and the longer range: coarse scan on a torch device, to 0.01 km/s."""
    pytest.importorskip("torch")
    for spectra in (faint[0], observe(40, 65, snr=50.0)[0]):
        options = {**NEWEST, "faint_error_kms": 8.0, "min_pixels": 300}
        numpy_path = match_templates(spectra, with_wide(), plain_match(**options))
        torch_path = match_templates(spectra, with_wide(), plain_match(**options, device="torch-cpu"))
        assert list(torch_path.tm_template) == list(numpy_path.tm_template)
        assert np.abs(torch_path.rv_tm - numpy_path.rv_tm).max() < 0.01
        assert (torch_path.tm_wide == numpy_path.tm_wide).all() and (torch_path.tm_flag == numpy_path.tm_flag).all()


def test_a_grid_that_ends_before_the_blue_is_no_reason_to_stop():
    wavelength = lamost_wavelength()
    assert wavelength[0] < 4700.0
    with_wide().wide.pixels(wavelength)
