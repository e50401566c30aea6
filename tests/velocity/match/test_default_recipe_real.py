"""Velocities of real stars with real templates; skipped where there are none."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from made_stars import observe

from mstars.core.config.template_matching import MatchOptions
from mstars.core.config.whole import filled
from mstars.lamost.grid import place_on_grid
from mstars.lamost.reader import read_spectrum
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength
from mstars.velocity.lines.measure import dsal
from mstars.velocity.match.align import pair_velocities, rest_offsets
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank

GRID = 10.0 ** (3.5682 + 1e-4 * np.arange(-40, 3960))


@pytest.fixture(scope="module")
def settings():
    return filled({})["rvmm"]["tm"]


@pytest.fixture(scope="module")
def dwarfs(real):
    """Kesseli et al. 2017, M0 to M9 at solar metallicity: (flux on GRID [10, q], names)."""
    rows, names = [], []
    for path in sorted((real / "templates" / "PyHammer").glob("M*.fits.gz")):
        table = fits.getdata(path, 1)
        rows.append(np.interp(np.log10(GRID), table["LogLam"], table["Flux"]))
        names.append(path.name[:2])
    return np.array(rows), names


@pytest.fixture(scope="module")
def bank(dwarfs, settings):
    flux, names = dwarfs
    first = make_bank(GRID, flux, names, rest_range=tuple(settings["rest_range"]))
    return make_bank(GRID, flux, names, rest_range=tuple(settings["rest_range"]), moving=rest_offsets(first))


@pytest.fixture(scope="module")
def stars(real):
    """Real M dwarfs with an independent velocity: spectra, that velocity, the header's z c."""
    table = pd.read_csv(real / "lamost" / "m_star_truth.csv")
    table["rv"] = table["birky_RV_APOGEE"].fillna(table["cif03_rv"])
    table = table[table["rv"].notna()].reset_index(drop=True)
    flux, ivar = np.zeros((2, len(table), N_PIXEL), np.float32)
    ormask = np.zeros((len(table), N_PIXEL), np.uint8)
    for k, row in table.iterrows():
        place_on_grid(read_spectrum(real / "lamost" / row.src / row.file), flux[k], ivar[k], ormask[k])
    key = np.array([f"{k:02d}" for k in range(len(table))])
    return SpectrumSet(flux, ivar, ormask, lamost_wavelength(), key), table["rv"].to_numpy(), table["rv_lamost_z"]


def robust(values):
    values = values[np.isfinite(values)]
    middle = np.median(values)
    return 1.4826 * np.median(np.abs(values - middle)), np.abs(values - middle).max()


@pytest.mark.real
def test_real_dwarfs_against_independent_velocities(stars, bank, settings):
    spectra, truth, header = stars
    assert len(spectra) >= 20
    result = match_templates(spectra, bank, MatchOptions(**settings))
    sigma, worst = robust(result.rv_tm.to_numpy() - truth)
    before, worst_before = robust(header.to_numpy() - truth)
    assert sigma <= 6.0 and worst < 30.0
    assert sigma < before and worst < worst_before
    assert (result.tm_flag & 1 == 0).all()


@pytest.mark.real
def test_lines_of_real_dwarfs(stars):
    spectra, truth, _ = stars
    table = dsal(spectra)
    sigma, worst = robust(table.rv_dsal2.to_numpy() - truth)
    assert table.rv_dsal2.notna().mean() > 0.9 and sigma <= 9.0 and worst < 40.0


@pytest.mark.real
def test_neighbouring_templates_agree(dwarfs, bank):
    """redrock's test: each template measured with the others most like it; 0 within 3 km/s after alignment."""
    other, velocity, mismatch = pair_velocities(bank, neighbours=1)
    alike = mismatch[:, 0] < 0.05
    assert alike.sum() >= 6
    assert np.median(np.abs(velocity[alike, 0])) < 3.0


def test_alignment_finds_templates_that_move():
    """Copies of two spectra moved by known velocities come back aligned."""
    spectra = observe(1, 41, snr=1e6, masks=False)[0]
    row = spectra.flux[0]
    wavelength = spectra.wavelength
    speeds = np.array([0.0, 12.0, -9.0, 0.0, 5.0])
    flux = np.array([np.interp(wavelength / (1 + v / 299792.458), wavelength, row) for v in speeds])
    first = make_bank(wavelength, flux, list("abcde"), rest_range=(5000.0, 8500.0))
    offsets = rest_offsets(first)
    np.testing.assert_allclose(offsets - np.median(offsets), speeds - np.median(speeds), atol=1.5)
    second = make_bank(wavelength, flux, list("abcde"), rest_range=(5000.0, 8500.0), moving=offsets)
    assert np.abs(pair_velocities(second)[1]).max() < 2.5
