"""The paper's recipe of template matching."""

import numpy as np
import pytest
from made_stars import KINDS, REST, TEMPLATES, direct_chi2, observe, plain_match
from scipy.optimize import curve_fit

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import TemplateFlag
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank
from mstars.velocity.match.paper_recipe import REACH, match_paper, shift_residuals


def test_shifts_from_one_curve_are_those_of_moved_spectra():
    """The paper's step 2 done directly: chi2 of the moved spectrum by lstsq, a Gaussian by scipy.

    Beyond 400 km/s the line of some spectra leaves the grid, and no fit is defined.
    """
    wide = make_bank(REST, TEMPLATES, range(len(KINDS)), margin=REACH)
    spectra = observe(1, 25, snr=60.0)[0]
    initial = float(match_templates(spectra, wide, plain_match()).rv_tm[0])
    template = 3
    shifts = np.array([-310.0, -120.0, 7.0, 150.0, 400.0])

    def bell(v, base, height, center, sigma):
        return base + height * np.exp(-0.5 * ((v - center) / sigma) ** 2)

    direct = []
    for shift in shifts:
        factor = (1 + initial / C_KMS) * (1 + wide.velocity / C_KMS) / (1 + shift / C_KMS)
        curve = np.array([direct_chi2(spectra, 0, wide, template, C_KMS * (f - 1)) for f in factor])
        start = [curve.max(), np.ptp(-curve), wide.velocity[int(np.argmin(curve))], 120.0]
        start[1] = -start[1]
        direct.append(curve_fit(bell, wide.velocity, curve, start, maxfev=5000)[0][2] - shift)
    grid = initial + np.arange(-1120.0, 1121.0, 20.0)
    fine = np.array([direct_chi2(spectra, 0, wide, template, v) for v in grid])
    ours = shift_residuals(fine, grid[0], 20.0, initial, wide.velocity, shifts)
    np.testing.assert_allclose(ours, direct, atol=0.1)


def test_the_papers_wording_is_a_trap_and_the_mean_is_not():
    """FACTS: a z-scored template loses a constant that no product can restore."""
    spectra, rv, _ = observe(24, 26, snr=40.0)
    spread = {}
    for scaling in ("zscore", "mean"):
        wide = make_bank(REST, TEMPLATES, range(len(KINDS)), scaling=scaling, margin=REACH)
        result = match_paper(spectra, wide)
        spread[scaling] = np.median(np.abs(result.rv_tm - rv))
        assert set(result.columns) == set(match_templates(spectra.select([0]), wide, plain_match()).columns)
    default = np.median(np.abs(match_templates(spectra, wide, plain_match()).rv_tm - rv))
    assert default < spread["mean"] < spread["zscore"]


def test_the_paper_recipe_needs_room_for_its_shifts(bank):
    with pytest.raises(InputError, match="margin=REACH"):
        match_paper(observe(1, 27)[0], bank)


def test_paper_recipe_of_bad_spectra():
    wide = make_bank(REST, TEMPLATES, range(len(KINDS)), margin=REACH)
    spectra = observe(4, 28)[0]
    spectra.ormask[0], spectra.flux[1], spectra.flux[2] = 32, 7.0, np.nan
    result = match_paper(spectra, wide)
    assert (result.tm_flag[:3] & TemplateFlag.NOT_MEASURED).all() and result.rv_tm[:3].isna().all()
    assert np.isfinite(result.rv_tm[3])
