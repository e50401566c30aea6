"""Template matching against independent computations, and against bad input."""

import numpy as np
import pandas as pd
import pytest
from made_stars import direct_chi2, observe, plain_match
from scipy.optimize import minimize_scalar

from mstars.core.errors import InputError
from mstars.core.flags import TemplateFlag
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength, vacuum_to_air
from mstars.velocity.match.default_recipe import match_templates


def test_velocity_is_the_minimum_that_lstsq_finds(bank):
    spectra, _, _ = observe(6, 3)
    result = match_templates(spectra, bank, plain_match())
    names = list(bank.name)
    for row in range(6):
        chosen = names.index(result.tm_template[row])
        found = minimize_scalar(
            lambda v, row=row, chosen=chosen: direct_chi2(spectra, row, bank, chosen, v),
            bounds=(result.rv_tm[row] - 15, result.rv_tm[row] + 15),
            method="bounded",
            options={"xatol": 1e-5},
        )
        assert result.rv_tm[row] == pytest.approx(found.x, abs=2e-3)
        others = [direct_chi2(spectra, row, bank, other, result.rv_tm[row]) for other in range(len(bank))]
        assert np.argmin(others) == chosen


@pytest.mark.parametrize("weights", ["none", "ivar"])
def test_velocities_and_errors_are_those_of_the_noise(bank, weights):
    spectra, rv, _ = observe(300, 4, snr=25.0)
    result = match_templates(spectra, bank, plain_match(weights=weights, noise_floor=0.0))
    miss = result.rv_tm - rv
    assert np.abs(miss).max() < 15
    assert abs(np.median(miss)) < 0.3
    pull = miss / result.rv_tm_err
    assert 0.85 < 1.4826 * np.median(np.abs(pull - np.median(pull))) < 1.15
    assert (result.tm_flag == 0).mean() > 0.98


def test_the_answer_does_not_depend_on_chunks_or_company(bank):
    spectra, _, _ = observe(7, 5)
    together = match_templates(spectra, bank, plain_match())
    alone = pd.concat([match_templates(spectra.select([k]), bank, plain_match()) for k in range(7)], ignore_index=True)
    assert list(together.tm_template) == list(alone.tm_template)
    np.testing.assert_allclose(together.rv_tm, alone.rv_tm, atol=1e-3)


def test_bad_spectra_are_flagged_and_give_no_unflagged_nan(bank):
    spectra, _, _ = observe(8, 6)
    spectra.ormask[0] = 32  # all masked
    spectra.ivar[1] = 0
    spectra.ivar[1, 2000] = 1.0  # a single pixel
    spectra.flux[2] = 7.0  # constant
    spectra.flux[3] = np.nan
    spectra.flux[4] = np.random.default_rng(0).normal(size=spectra.flux.shape[1])  # featureless: noise only
    spectra.flux[5] = 0.0
    spectra.ormask[6, 900:3000] = 4  # few pixels
    result = match_templates(spectra, bank, plain_match())
    assert len(result) == 8
    none = TemplateFlag.NOT_MEASURED
    assert all(result.tm_flag[k] & none for k in (0, 1, 2, 3, 5))
    assert result.rv_tm[[0, 1, 2, 3, 5]].isna().all()
    assert result.tm_flag[4] & (TemplateFlag.FEATURELESS | TemplateFlag.TWO_MINIMA)
    assert result.tm_flag[6] & TemplateFlag.FEW_PIXELS
    assert result.tm_flag[7] == 0
    unflagged = result[result.tm_flag == 0]
    assert np.isfinite(unflagged[["rv_tm", "rv_tm_err", "tm_chi2"]]).all(axis=None)


def test_a_velocity_beyond_the_grid_is_flagged(bank):
    spectra, _, _ = observe(1, 7)
    fast = SpectrumSet(
        np.roll(spectra.flux, 14, axis=1), spectra.ivar, spectra.ormask, spectra.wavelength, spectra.spectrum_key
    )
    result = match_templates(fast, bank, plain_match())
    assert result.tm_flag[0] & (TemplateFlag.EDGE | TemplateFlag.POOR_CHI2 | TemplateFlag.TWO_MINIMA) or (
        abs(result.rv_tm[0]) > 600
    )


def test_wavelengths_that_are_not_lamosts_are_refused(bank):
    spectra, _, _ = observe(1, 8)
    spectra.wavelength = spectra.wavelength / 10
    with pytest.raises(InputError, match="nanometres"):
        match_templates(spectra, bank, plain_match())
    spectra.wavelength = np.linspace(3700, 9100, len(spectra.wavelength))
    with pytest.raises(InputError, match="log10 steps"):
        match_templates(spectra, bank, plain_match())
    spectra.wavelength = vacuum_to_air(lamost_wavelength())  # as even as in vacuum, but 80 km/s off
    with pytest.raises(InputError, match="vacuum"):
        match_templates(spectra, bank, plain_match())
    spectra.wavelength = lamost_wavelength() * 10**0.4
    with pytest.raises(InputError, match="too little in common"):
        match_templates(spectra, bank, plain_match())
