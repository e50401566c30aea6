"""DSEL: which emission line is which, and lines that are noise."""

import numpy as np
from test_velocity import observe

from mstars.spectra import C_KMS
from mstars.velocity import LineOptions, line_list, measure_lines
from mstars.velocity.lines import dsel

NAMES, CENTERS = line_list("emission")
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
