"""The two smoothing splines against scipy's and against plain loops."""

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import make_smoothing_spline

from mstars.engines.slam.continuum import normalise, without_neighbours
from mstars.engines.slam.info import INFO
from mstars.lamost.grid import place_on_grid
from mstars.lamost.reader import read_spectrum
from mstars.spectra.container import SpectrumSet
from mstars.spectra.resampling import resample
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength

WAVE = INFO.grid.wavelength
OPTIONS = {"p": (1e-8, 1e-7), "quantile": 0.7, "bin": 10.0, "keep": 2.0, "deviation": "bin"}


def spectrum(draws, n=1, noise=0.02):
    x = (WAVE - 7500) / 1400
    bands = 1 - 0.4 * np.exp(-0.5 * ((WAVE - 7130) / 25) ** 2) - 0.3 * np.exp(-0.5 * ((WAVE - 7670) / 8) ** 2)
    true = 500 * (1.2 + 0.5 * x - 0.3 * x**2) * bands
    flux = true + noise * 500 * draws.normal(size=(n, len(WAVE)))
    ivar = np.full(flux.shape, 1 / (noise * 500) ** 2)
    return flux.astype(np.float32), ivar.astype(np.float32)


def plain(flux, ivar, options):
    """One spectrum, step by step with scipy and numpy."""
    good = ivar > 0
    first = make_smoothing_spline(WAVE[good], flux[good].astype(float), lam=(1 - options["p"][0]) / options["p"][0])
    residual = flux[good] - first(WAVE[good])
    number = np.floor((WAVE[good] - WAVE[0]) / options["bin"])
    kept = np.zeros(good.sum(), bool)
    for one in np.unique(number):
        part = residual[number == one]
        of = residual if options["deviation"] == "spectrum" else part
        deviation = np.median(np.abs(of - np.median(of)))
        kept[number == one] = np.abs(part - np.quantile(part, options["quantile"])) <= options["keep"] * deviation
    second = make_smoothing_spline(
        WAVE[good][kept], flux[good][kept].astype(float), lam=(1 - options["p"][1]) / options["p"][1]
    )
    return second(WAVE)


def test_the_grid_is_the_authors():
    assert (
        len(WAVE) == 1596
        and WAVE[0] == pytest.approx(6147.52, abs=0.01)
        and WAVE[-1] == pytest.approx(8887.92, abs=0.01)
    )
    assert not ((WAVE > 6561.5) & (WAVE < 6569)).any()


@pytest.mark.parametrize("deviation", ["bin", "spectrum"])
def test_it_is_the_plain_way_with_masked_pixels(deviation):
    flux, ivar = spectrum(np.random.default_rng(0), 4)
    ivar[:, ::17], ivar[2, 300:420] = 0, 0
    flux[:, ::17] = -1e4
    options = OPTIONS | {"deviation": deviation}
    found = normalise(WAVE, flux, ivar, options)
    for row in range(4):
        expected = plain(flux[row], ivar[row], options)
        inside = (ivar[row] > 0) & (WAVE > 6160) & (WAVE < 8875)
        np.testing.assert_allclose(found.continuum[row, inside], expected[inside], rtol=1e-5)
        np.testing.assert_allclose(found.flux[row, inside], flux[row, inside] / expected[inside], rtol=1e-5)
        np.testing.assert_allclose(found.ivar[row, inside], ivar[row, inside] * expected[inside] ** 2, rtol=1e-4)


def test_gaps_grow_by_a_quarter_of_their_length():
    draws = np.random.default_rng(8)
    ivar = np.where(draws.random((40, 300)) < 0.02, draws.choice([0, 0.5, np.nan], (40, 300)), 900).astype(np.float32)
    for row in range(40):
        first, length = draws.integers(0, 290), draws.integers(1, 20)
        ivar[row, first : first + length] = 0
    ivar[0], ivar[1, :7], ivar[2, -3:] = 0, 0, 0
    expected = np.where(ivar > 1, ivar, 0)
    for row in range(40):
        gap = np.concatenate([[0], ~(ivar[row] > 1), [0]]).astype(int)
        for first, end in zip(np.flatnonzero(np.diff(gap) > 0), np.flatnonzero(np.diff(gap) < 0), strict=True):
            more = int(np.clip(np.round((end - first) / 4), 1, 2))
            expected[row, max(first - more, 0) : end + more] = 0
    assert (without_neighbours(ivar) == expected).all() and (expected > 0).sum() < (ivar > 1).sum() - 400


def test_bad_pixels_change_nothing_elsewhere():
    flux, ivar = spectrum(np.random.default_rng(1))
    ivar[0, 500] = 0
    changed = flux.copy()
    changed[0, 500] = 1e6
    one, two = (normalise(WAVE, each, ivar, OPTIONS) for each in (flux, changed))
    assert (one.continuum == two.continuum).all() and (one.flux == two.flux).all()
    assert one.ivar[0, 500] == 0 and one.flux[0, 500] == 1


def test_scale_and_noise_matter_little():
    """One star at S/N 100 and at S/N 20: the same to a percent, but for the noise itself."""
    quiet, ivar = spectrum(np.random.default_rng(2), noise=1e-4)
    draws = np.random.default_rng(3)
    truth = normalise(WAVE, quiet, ivar, OPTIONS)
    for snr, limit in ((100, 0.01), (20, 0.03)):
        continua = []
        for _ in range(40):
            noisy = quiet * (1 + draws.normal(size=quiet.shape) / snr)
            found = normalise(WAVE, 3 * noisy.astype(np.float32), ivar, OPTIONS)
            continua.append(found.continuum / truth.continuum / 3)
        assert np.abs(np.mean(continua, axis=0) / np.mean(continua) - 1)[0, 20:-20].max() < limit


def test_spectra_without_light_or_shape_have_no_information():
    flux, ivar = spectrum(np.random.default_rng(4), 5)
    ivar[0] = 0
    flux[1], flux[2] = 0, 7
    flux[3] -= 5000
    ivar[4, 5:] = 0
    found = normalise(WAVE, flux, ivar, OPTIONS)
    assert (found.ivar == 0).all() and (found.flux == 1).all() and np.isfinite(found.continuum).all()


@pytest.mark.real
def test_real_dwarfs_are_normalised_alike(real):
    """Forty real M dwarfs: the continuum runs above the bands, and the spectra of one type are alike."""
    table = pd.read_csv(real / "lamost" / "m_star_truth.csv")
    flux, ivar = np.zeros((2, len(table), N_PIXEL), np.float32)
    ormask = np.zeros((len(table), N_PIXEL), np.uint8)
    for row, star in enumerate(table.itertuples()):
        place_on_grid(read_spectrum(real / "lamost" / star.src / star.file), flux[row], ivar[row], ormask[row])
    keys = np.array([f"{row:02d}" for row in range(len(table))])
    spectra = SpectrumSet(flux, ivar, ormask, lamost_wavelength(), keys)
    sampled = resample(spectra, INFO.grid, table["rv_lamost_z"].to_numpy(float), order=3)
    found = normalise(WAVE, sampled.flux, sampled.ivar, OPTIONS)
    assert ((found.ivar > 0).mean(axis=1) > 0.4).all() and (found.continuum > 0).all()
    middle = np.median(found.flux, axis=1)
    assert (middle > 0.9).all() and (middle < 1.02).all()
    smooth = np.array([np.convolve(one, np.ones(9) / 9, mode="same") for one in found.flux])[:, 10:-10]
    types = table["sub"].str.extract(r"M(\d)")[0]
    for _, rows in table.groupby(types).groups.items():
        if len(rows) >= 4:
            mean = smooth[rows].mean(axis=0)
            assert min(np.corrcoef(one, mean)[0, 1] for one in smooth[rows]) > 0.6
