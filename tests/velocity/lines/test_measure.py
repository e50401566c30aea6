"""DSEL: which emission line is which, and lines that are noise."""

import numpy as np
import pytest
from made_stars import LINES, observe
from scipy.optimize import curve_fit

from mstars.core.config.line_velocities import LineOptions
from mstars.core.constants import C_KMS
from mstars.core.flags import LineFlag
from mstars.core.lines import velocity_line_set
from mstars.velocity.lines.measure import dsal, dsal1, dsal2, dsel, measure_lines

NAMES, CENTERS = velocity_line_set("emission")
HALPHA = int(np.flatnonzero(NAMES == "H alpha")[0])


def emitting(n, seed, snr, lines):
    """M stars with emission lines: height over the local flux by line number."""
    spectra, rv, _ = observe(n, seed=seed, snr=snr, masks=False)
    for row in range(n):
        for number, height in lines.items():
            centre = CENTERS[number] * (1 + rv[row] / C_KMS)
            level = np.median(spectra.flux[row][np.abs(spectra.wavelength - centre) < 60])
            spectra.flux[row] += height * level * np.exp(-0.5 * ((spectra.wavelength - centre) / 1.6) ** 2)
    return spectra, rv


def test_a_lone_halpha_is_not_taken_for_a_forbidden_line():
    spectra, rv = emitting(80, 1, 4.0, {HALPHA: 4.0})
    table = dsel(spectra)
    usable = (table.dsel_flag & ~16 == 0) & table.rv_dsel.notna()
    assert usable.mean() > 0.8
    assert (np.abs(table.rv_dsel - rv)[usable] < 40).mean() > 0.98


def test_forbidden_lines_with_halpha_are_found():
    spectra, rv = emitting(30, 2, 30.0, dict.fromkeys(range(5), 1.0) | {HALPHA: 2.0})
    lines = measure_lines(spectra, "emission")[..., 0]
    assert np.isfinite(lines[:, :5]).mean() > 0.95
    assert np.nanmedian(np.abs(lines[:, :5] - rv[:, None])) < 5


def test_noise_gives_few_lines():
    spectra, _ = emitting(100, 3, 5.0, {})
    few = np.isfinite(measure_lines(spectra, "emission")[..., 0]).mean()
    many = np.isfinite(measure_lines(spectra, "emission", LineOptions(min_emission_significance=3.0))[..., 0]).mean()
    assert few < 0.05
    assert many > 2 * few


def test_bad_spectra_leave_no_velocity_without_a_flag():
    spectra, _, _ = observe(7, 4)
    spectra.ormask[0] = 32  # all masked
    spectra.ivar[0] = 0
    spectra.ivar[1] = 0
    spectra.ivar[1, 2000] = 1.0  # a single pixel
    spectra.flux[2] = 7.0  # constant
    spectra.flux[3] = np.nan
    spectra.flux[4] = 0.0
    spectra.flux[5] = 10 + np.random.default_rng(0).normal(size=spectra.flux.shape[1])  # no features
    halpha = spectra.wavelength / (1 + 50 / C_KMS) - CENTERS[HALPHA]
    spectra.flux[6] = 10 + 500 * np.exp(-0.5 * (halpha / 2) ** 2)  # one emission line, no continuum features
    emission, absorption = dsel(spectra), dsal(spectra)
    for table, name in ((emission, "dsel"), (absorption, "dsal1"), (absorption, "dsal2")):
        assert table[f"rv_{name}"][:5].isna().all()
        unflagged = table[table[f"{name}_flag"] == 0]
        assert np.isfinite(unflagged[[f"rv_{name}", f"rv_{name}_err"]]).all(axis=None)
    assert (emission.dsel_flag[:6] != 0).all()
    assert abs(emission.rv_dsel[6] - 50) < 2 and emission.dsel_flag[6] == 16


def test_wavelengths_without_the_lines_give_none():
    spectra, _, _ = observe(3, 5)
    spectra.wavelength = spectra.wavelength / 10  # nanometres
    assert dsel(spectra).rv_dsel.isna().all() and (dsal(spectra).dsal1_flag != 0).all()


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


def test_without_thresholds_dsal2_answers_where_few_lines_stand_out():
    spectra, _, _ = observe(100, 11, snr=2.0)
    usual, paper = dsal(spectra), dsal(spectra, LineOptions(min_significance=0, max_error_kms=None, tellurics=()))
    assert usual.rv_dsal2.isna().mean() > 0.2
    assert paper.rv_dsal2.isna().mean() < 0.05  # where no fit of any line converges
    assert (paper.n_dsal2 >= usual.n_dsal2).mean() > 0.5
