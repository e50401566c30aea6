"""DSEL: which emission line is which, and lines that are noise."""

import numpy as np
from made_stars import observe

from mstars.core.constants import C_KMS
from mstars.core.lines import velocity_line_set
from mstars.velocity.lines.measure import LineOptions, dsal, dsel, measure_lines

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
