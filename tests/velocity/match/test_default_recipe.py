"""Template matching and lines against independent computations, and against bad input."""

import numpy as np
import pandas as pd
import pytest
from made_stars import KINDS, LINES, REST, TEMPLATES, observe, star
from scipy.interpolate import CubicSpline
from scipy.optimize import curve_fit, minimize_scalar

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import LineFlag, TemplateFlag
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import DLOGLAM, lamost_wavelength, vacuum_to_air
from mstars.velocity.compiling import Observed, observed
from mstars.velocity.lines.measure import LineOptions, dsal, dsal1, dsal2, measure_lines
from mstars.velocity.match.bank import coarse_grid, polynomials
from mstars.velocity.match.chi2 import chi2_at
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import TEMPLATE_RANGE, make_bank
from mstars.velocity.match.options import MatchOptions
from mstars.velocity.match.paper_recipe import REACH, match_paper, shift_residuals
from mstars.velocity.match.prepare import prepare
from mstars.velocity.match.scan import coarse_chi2
from mstars.velocity.match.splines import pixel_shift


@pytest.fixture(scope="module")
def bank():
    return make_bank(REST, TEMPLATES, [f"t{k}" for k in range(len(KINDS))], spectral_class=["M"] * len(KINDS))


def direct_chi2(spectra, row, bank, template, velocity):
    """Eq. 2 times N by np.linalg.lstsq on the same pixels."""
    pixels = bank.pixels(spectra.wavelength)
    flux, bad, _ = prepare(spectra, pixels)
    good = ~bad[row]
    model = bank.evaluate(template, velocity, spectra.wavelength, pixels)
    design = (polynomials(len(model)) * model[:, None])[good]
    target = flux[row].astype(float)[good]
    solution = np.linalg.lstsq(design, target, rcond=None)[0]
    return float(((target - design @ solution) ** 2).sum())


def test_template_values_are_a_cubic_spline(bank):
    wavelength = lamost_wavelength()
    pixels = bank.pixels(wavelength)
    value = bank.evaluate(2, 123.4, wavelength, pixels)
    inside = (REST > 4690) & (REST < 8910)
    rest = np.log10(wavelength[pixels]) - pixel_shift(123.4) * 1e-4
    expected = CubicSpline(np.log10(REST[inside]), TEMPLATES[2, inside])(rest)
    np.testing.assert_allclose(value / value.mean(), expected / expected.mean(), atol=2e-5)


def test_coarse_chi2_is_that_of_lstsq(bank):
    spectra, _, _ = observe(6, 1)
    pixels = bank.pixels(spectra.wavelength)
    flux, bad, _ = prepare(spectra, pixels)
    chi2 = coarse_chi2(flux, bad, bank, spectra.wavelength)
    assert chi2.shape == (6, len(bank), 21)
    for row, template, k in [(0, 0, 0), (0, 3, 10), (1, 5, 20), (2, 1, 7), (4, 2, 13)]:
        expected = direct_chi2(spectra, row, bank, template, bank.velocity[k])
        assert chi2[row, template, k] == pytest.approx(expected, rel=2e-4, abs=2e-3)


def test_single_chi2_in_float64(bank):
    spectra, _, _ = observe(4, 2)
    pixels = bank.pixels(spectra.wavelength)
    flux, bad, _ = prepare(spectra, pixels)
    seen, splines = observed(flux.astype(float), (~bad).astype(float)), bank.splines(spectra.wavelength, pixels)
    for row in range(4):
        own = Observed(seen.flux[row], seen.weight[row], seen.coordinate)
        value = chi2_at(own, splines.coefficient[3], splines.offset, 37.7)
        assert value == pytest.approx(direct_chi2(spectra, row, bank, 3, 37.7), rel=1e-9)


def test_velocity_is_the_minimum_that_lstsq_finds(bank):
    spectra, _, _ = observe(6, 3)
    result = match_templates(spectra, bank)
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
    result = match_templates(spectra, bank, MatchOptions(weights=weights, noise_floor=0.0))
    miss = result.rv_tm - rv
    assert np.abs(miss).max() < 15
    assert abs(np.median(miss)) < 0.3
    pull = miss / result.rv_tm_err
    assert 0.85 < 1.4826 * np.median(np.abs(pull - np.median(pull))) < 1.15
    assert (result.tm_flag == 0).mean() > 0.98


def test_the_answer_does_not_depend_on_chunks_or_company(bank):
    spectra, _, _ = observe(7, 5)
    together = match_templates(spectra, bank)
    alone = pd.concat([match_templates(spectra.select([k]), bank) for k in range(7)], ignore_index=True)
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
    result = match_templates(spectra, bank)
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
    result = match_templates(fast, bank)
    assert result.tm_flag[0] & (TemplateFlag.EDGE | TemplateFlag.POOR_CHI2 | TemplateFlag.TWO_MINIMA) or (
        abs(result.rv_tm[0]) > 600
    )


def test_wavelengths_that_are_not_lamosts_are_refused(bank):
    spectra, _, _ = observe(1, 8)
    spectra.wavelength = spectra.wavelength / 10
    with pytest.raises(InputError, match="nanometres"):
        match_templates(spectra, bank)
    spectra.wavelength = np.linspace(3700, 9100, len(spectra.wavelength))
    with pytest.raises(InputError, match="log10 steps"):
        match_templates(spectra, bank)
    spectra.wavelength = vacuum_to_air(lamost_wavelength())  # as even as in vacuum, but 80 km/s off
    with pytest.raises(InputError, match="vacuum"):
        match_templates(spectra, bank)
    spectra.wavelength = lamost_wavelength() * 10**0.4
    with pytest.raises(InputError, match="too little in common"):
        match_templates(spectra, bank)


def test_templates_that_cannot_be_used_are_refused():
    with pytest.raises(InputError, match="none of 1 templates covers"):
        make_bank(REST[:500], TEMPLATES[:1, :500], ["short"])
    with pytest.raises(InputError, match="'flat' is constant"):
        make_bank(REST, np.ones((1, REST.size)), ["flat"])
    with pytest.raises(InputError, match="scaling"):
        make_bank(REST, TEMPLATES, range(len(TEMPLATES)), scaling="median")
    with pytest.raises(InputError, match="method"):
        MatchOptions(method="guess")


def test_every_velocity_compares_the_same_pixels(bank):
    wavelength = lamost_wavelength()
    pixels = bank.pixels(wavelength)
    for velocity in (bank.velocity[0] - 60, bank.velocity[-1] + 60):
        assert np.isfinite(bank.evaluate(0, velocity, wavelength, pixels)).all()
    assert list(coarse_grid()) == [60 * n for n in range(-10, 11)]


def test_lines_agree_with_scipy():
    spectra, rv, _ = observe(12, 9, snr=60, masks=False)
    options = LineOptions()
    found = measure_lines(spectra, "absorption", options)
    checked = 0
    for row in range(len(spectra)):
        for line in (0, 1, 4, 5, 6, 7):
            if not np.isfinite(found[row, line, 0]):
                continue
            center = LINES[line] * (1 + found[row, line, 0] / C_KMS)
            near = np.abs(spectra.wavelength - center) < 9

            def model(x, a, m, s, b, c):
                return a * np.exp(-0.5 * ((x - m) / s) ** 2) + b + c * x

            x, y = spectra.wavelength[near] - center, spectra.flux[row, near] / 1e3
            best, _ = curve_fit(model, x, y, [-0.3, 0.0, 1.8, 1.0, 0.0], maxfev=5000)
            # the stretch differs by a few pixels, so within the line's own error
            assert abs(best[1] / center * C_KMS) < max(3 * found[row, line, 1], 1.0)
            checked += 1
    assert checked > 40
    assert np.nanmedian(np.abs(found[:, :, 0] - rv[:, None])) < 15


def test_consistent_lines_takes_the_largest_set():
    velocity = np.array([10.0, 12.0, 15.0, 100.0, 104.0, np.nan, -300.0, 300.0])
    rv, error, count, flag = dsal1(velocity, LineOptions())
    assert (rv, count, flag) == (pytest.approx(np.mean([10, 12, 15])), 3, 0)
    assert error == pytest.approx(np.std([10, 12, 15]))
    assert np.isnan(dsal1(np.array([1.0, 2.0, np.nan, 500.0]), LineOptions())[0])
    # of two sets of three the tighter one
    assert dsal1(np.array([0.0, 15.0, 30.0, 200.0, 203.0, 206.0]), LineOptions())[0] == pytest.approx(203.0)


def test_consistent_lines_against_all_runs():
    rng = np.random.default_rng(5)
    for _ in range(50):
        velocity = rng.normal(0, 40, 8)
        ordered = np.sort(velocity)
        runs = [ordered[i:k] for i in range(8) for k in range(i + 1, 9)]
        size, spread = max((len(r), -r.std()) for r in runs if np.abs(r - np.median(r)).max() <= 20.0)
        _, error, count, _ = dsal1(velocity, LineOptions())
        assert count == size
        assert count < 3 or error == pytest.approx(-spread)


def test_dsal2_iterates_to_the_letter():
    options = LineOptions()
    # one removal of what is outside 1 sigma, then a scatter below 20
    velocity = np.array([0.0, 5.0, 8.0, 3.0, 6.0, 400.0, np.nan, np.nan])
    rv, error, count, flag = dsal2(velocity, options)
    rest = np.array([0.0, 5.0, 8.0, 3.0, 6.0])
    assert (rv, error, count, flag) == (pytest.approx(rest.mean()), pytest.approx(rest.std()), 5, 0)
    # two far apart never get below 20: those before are used, and it is said
    rv, error, count, flag = dsal2(np.array([0.0, 100.0]), options)
    assert (rv, error, count, flag) == (50.0, 50.0, 2, LineFlag.INCONSISTENT)
    assert dsal2(np.array([np.nan, 7.0]), options)[::2] == (7.0, 1)
    assert np.isnan(dsal2(np.array([np.nan, np.nan]), options)[0])


def test_dsal_of_bad_spectra():
    spectra, rv, _ = observe(6, 10)
    spectra.ivar[0] = 0
    spectra.flux[1] = 3.0
    spectra.flux[2] = np.nan
    table = dsal(spectra)
    assert table.rv_dsal1[:3].isna().all() and (table.dsal1_flag[:3] & LineFlag.NOT_MEASURED).all()
    assert (table.dsal2_flag[:3] & LineFlag.NOT_MEASURED).all()
    assert np.abs(table.rv_dsal2[3:] - rv[3:]).max() < 20


def make_many():
    """A bank of 60 templates: enough for the pruned scan to leave most of them out."""
    flux = np.array([star(REST, kind, seed) for seed in (1, 2, 3) for kind in np.linspace(0, 2, 20)])
    names = [f"m{k}" for k in range(len(flux))]
    return make_bank(REST, flux, names, spectral_class=["M"] * len(flux), rest_range=(7000.0, 8899.0))


@pytest.fixture(scope="module")
def many():
    return make_many()


def test_pruned_gives_the_answers_of_exhaustive(many):
    spectra = observe(2500, 20, snr=12.0)[0]
    better = observe(2500, 21, snr=60.0)[0]
    for part in (spectra, better):
        exhaustive = match_templates(part, many, MatchOptions(method="exhaustive", candidates=3))
        pruned = match_templates(part, many, MatchOptions(method="pruned", candidates=3))
        assert list(pruned.tm_template) == list(exhaustive.tm_template)
        assert np.abs(pruned.rv_tm - exhaustive.rv_tm).max() < 1e-3
        assert (pruned.tm_flag == exhaustive.tm_flag).all()


def test_pruned_falls_back_where_it_cannot_be_sure(many, monkeypatch):
    from mstars.velocity.match import scan

    spectra = observe(40, 22)[0]
    expected = match_templates(spectra, many)
    monkeypatch.setattr(scan, "RANK", 3)  # a hopeless ranking
    pruned = match_templates(spectra, make_many(), MatchOptions(method="pruned"))
    assert list(pruned.tm_template) == list(expected.tm_template)


def test_the_torch_path_gives_the_same_numbers(many):
    spectra = observe(60, 23)[0]
    cpu = match_templates(spectra, many, MatchOptions())
    torch = match_templates(spectra, many, MatchOptions(device="torch-cpu"))
    assert list(torch.tm_template) == list(cpu.tm_template)
    assert np.abs(torch.rv_tm - cpu.rv_tm).max() < 0.01


def test_a_missing_gpu_is_said_and_the_cpu_takes_over(many, caplog, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    spectra = observe(2, 24)[0]
    with caplog.at_level("INFO"):
        result = match_templates(spectra, many, MatchOptions(device="cuda"))
    assert "runs on the CPU" in caplog.text and result.rv_tm.notna().all()


def test_shifts_from_one_curve_are_those_of_moved_spectra():
    """The paper's step 2 done directly: chi2 of the moved spectrum by lstsq, a Gaussian by scipy.

    Beyond 400 km/s the line of some spectra leaves the grid, and no fit is defined.
    """
    wide = make_bank(REST, TEMPLATES, range(len(KINDS)), margin=REACH)
    spectra = observe(1, 25, snr=60.0)[0]
    initial = float(match_templates(spectra, wide).rv_tm[0])
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
        assert set(result.columns) == set(match_templates(spectra.select([0]), wide).columns)
    default = np.median(np.abs(match_templates(spectra, wide).rv_tm - rv))
    assert default < spread["mean"] < spread["zscore"]


def test_z_scored_templates_end_where_the_papers_grid_ends():
    wide = make_bank(REST, TEMPLATES, range(len(KINDS)), scaling="zscore", rest_range=(6500.0, 9000.0))
    end = 10 ** (wide.loglam0 + DLOGLAM * (wide.coefficient.shape[1] - 1))
    assert 8898 < end <= TEMPLATE_RANGE[1]


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
