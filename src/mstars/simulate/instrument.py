"""What telescope, sky, spectrograph and pipeline do to a spectrum."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation, gaussian_filter1d

from mstars.core.constants import C_KMS
from mstars.core.lines import sky_lines
from mstars.simulate.observations import WAVE_ERR_KMS, ZERO_POINT_KMS
from mstars.simulate.population import dust_share
from mstars.spectra.ormask import OrMask
from mstars.spectra.wavelengths import air_to_vacuum, lamost_wavelength
from mstars.templates.library import LIBRARY_GRID

BANDS = {"u": (3700, 4000), "g": (4000, 5500), "r": (5600, 7000), "i": (7000, 8200), "z": (8200, 9000)}
"""Where the S/N keys of a header are measured, angstrom."""

NOISE_KERNEL = np.array([0.15, 1.0, 0.15])
"""Rebinning to the common grid correlates neighbours (lag 1 about 0.3 in real A to G stars)."""
NOISE_SCALE = 1.0
"""Real scatter over what ivar says: benchmarks/realism.py finds 0.95 to 1.05 in real F and G stars."""


STANDARDS_PC = 1000.0
"""Distance of the stars that a plate's fluxes are calibrated with."""

_A_BAND_PLATES = ("B6001",)


@dataclass
class SimulatedSpectra:
    """Spectra as the pipeline leaves them, arrays [n, pixel], and the S/N of each band [n]."""

    flux: np.ndarray
    ivar: np.ndarray
    andmask: np.ndarray
    ormask: np.ndarray
    snr: dict[str, np.ndarray]


@functools.cache
def _lines(kind: str) -> tuple[np.ndarray, np.ndarray]:
    air, strength = sky_lines(kind)
    return air_to_vacuum(air), strength


def extinction_curve(wavelength: np.ndarray) -> np.ndarray:
    """A(lambda) / E(B-V) for R_V = 3.1 (Cardelli, Clayton & Mathis 1989, optical part).

    Parameters
    ----------
    wavelength : ndarray, [pixel]
        Angstrom.

    Returns
    -------
    ndarray, [pixel]
    """
    y = 1e4 / wavelength - 1.82
    a = np.polyval([0.32999, -0.77530, 0.01979, 0.72085, -0.02427, -0.50447, 0.17699, 1.0], y)
    b = np.polyval([-2.09002, 5.30260, -0.62251, -5.38434, 1.07233, 2.28305, 1.41338, 0.0], y)
    return 3.1 * a + b


def _throughput(wave: np.ndarray) -> np.ndarray:
    """Relative efficiency of the two arms: low below 4000 A and where they join (Cui et al. 2012, RAA 12, 1197)."""
    blue = np.interp(wave, [3700, 3850, 4100, 4500, 5200, 5600, 5900], [0.06, 0.18, 0.45, 0.75, 0.85, 0.75, 0.3])
    red = np.interp(
        wave, [5650, 5900, 6300, 7000, 7800, 8500, 9000, 9100], [0.25, 0.55, 0.9, 1.0, 0.95, 0.75, 0.5, 0.4]
    )
    return np.where(wave < 5800, blue, red)


def _sky_level(wave: np.ndarray, helio: np.ndarray) -> np.ndarray:
    """Sky per pixel, [n, pixel]: continuum 1 and lines, shifted with the heliocentric correction."""
    centres, strengths = _lines("sky")
    level = np.zeros((len(helio), wave.size))
    for centre, strength in zip(centres, strengths, strict=True):
        near = np.abs(wave - centre) < 14
        moved = centre * (1 + helio / C_KMS)
        level[:, near] += strength * np.exp(-0.5 * ((wave[near][None] - moved[:, None]) / (centre / 1800 / 2.355)) ** 2)
    return 1.0 + level


def _legendre(x: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    basis = np.stack([np.polynomial.legendre.Legendre.basis(order + 1)(x) for order in range(coefficients.shape[1])])
    return coefficients @ basis


def _response(wave: np.ndarray, wild: np.ndarray, red: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Errors of the flux calibration, one an arm, and the step where the arms join; factor [n, pixel].

    Measured on real F, G and K stars against templates: both arms follow one slope (dust), the rest is small, a few are
    far off. The step is common in spectra of ``red`` stars (M), whose blue arm has little light, and rare elsewhere.
    """
    n = len(wild)
    x_blue = np.clip((wave - 4750) / 1100, -1, 1)
    x_red = np.clip((wave - 7400) / 1700, -1, 1)
    size = np.exp(rng.normal(np.log(np.where(red, 0.06, 0.035)), 0.5))[:, None] * np.where(wild, 3.0, 1.0)[:, None]
    blue = _legendre(x_blue, rng.normal(0, 1, (n, 4)) * size * np.array([1.6, 0.8, 0.5, 0.35]))
    beyond = _legendre(x_red, rng.normal(0, 1, (n, 4)) * size * np.array([1.2, 0.6, 0.4, 0.25]))
    large = np.where(red, rng.normal(-0.25, 0.45, n), rng.normal(-0.08, 0.2, n))
    step = np.where(rng.random(n) < np.where(red, 0.3, 0.12), large, rng.normal(0, 0.05, n))
    centre, width = (
        rng.uniform(5700, 5950, n),
        np.where(rng.random(n) < 0.4, rng.uniform(3, 12, n), rng.uniform(20, 70, n)),
    )
    weight = 1 / (1 + np.exp(np.clip((wave[None] - centre[:, None]) / width[:, None], -40, 40)))
    period, phase = rng.uniform(120, 400, n), rng.uniform(0, 6.28, n)
    wiggle = rng.exponential(0.004, n)[:, None] * np.sin(6.2832 * wave[None] / period[:, None] + phase[:, None])
    return np.exp(weight * (blue + step[:, None]) + (1 - weight) * beyond + wiggle)


def dust_left(rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """E(B-V) that the flux calibration leaves in a spectrum.

    Fluxes are calibrated with F stars of the same field as if they had no dust. Those are about 1 kpc away: stars in
    front of them come out too blue, as real K dwarfs do (E(B-V) of -0.15 against templates). Real A to G stars are at
    about 0, with a scatter of 0.09 to 0.16, and some are reddened by far more: Student's t of three degrees of freedom.

    Parameters
    ----------
    rows : pandas.DataFrame
        n rows of the plan.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, [n]
        mag; negative where the calibration takes out too much.
    """
    n, dust = len(rows), rows["ebv"].to_numpy()
    train = (rows["role"] == "train").to_numpy()
    standards = rows["ebv_scale"].to_numpy() * dust_share(STANDARDS_PC)
    scatter = np.where(train, 0.11 * rng.standard_t(3, n).clip(-6, 6), 0.05 * rng.normal(0, 1, n))
    return np.where(train, dust - standards, 0.3 * dust) + scatter


def _interstellar(wave: np.ndarray, ebv: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Interstellar lines and bands: factor [n, pixel].

    Na I D by E(B-V) as in Poznanski et al. (2012, MNRAS 426, 1465), Ca II K and H weaker than it, and the strongest
    diffuse bands (Jenniskens & Desert 1994, A&AS 106, 39).
    """
    ebv = np.clip(ebv, 0.0, 1.0)
    sodium = np.clip((np.log10(np.maximum(ebv, 1e-3)) + 1.85) / 1.17, 0.0, 1.6)
    sodium = sodium * np.clip(rng.normal(1, 0.3, len(ebv)), 0.3, 2)
    velocity = rng.normal(0, 15, len(ebv))
    factor = np.ones((len(ebv), wave.size))
    lines = [(5891.58, 0.6 * sodium, 1.4), (5897.56, 0.4 * sodium, 1.4)]
    lines += [(3934.78, 0.3 * sodium, 1.0), (3969.59, 0.15 * sodium, 1.0)]
    lines += [(4430.0, 2.2 * ebv, 8.0), (5782.1, 0.6 * ebv, 1.7), (6285.5, 1.1 * ebv, 2.5)]
    for centre, width, sigma in lines:
        near = np.flatnonzero(np.abs(wave - centre) < 6 * sigma + 3)
        place = centre * (1 + velocity[:, None] / C_KMS)
        factor[:, near] -= (width / sigma / 2.507)[:, None] * np.exp(-0.5 * ((wave[near] - place) / sigma) ** 2)
    return np.maximum(factor, 0.05)


def _telluric(wave: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """What is left of the atmosphere's bands after their correction: factor [n, pixel]."""
    oxygen, water = np.zeros(wave.size), np.zeros(wave.size)
    for centre, width, depth in ((7607, 7, 1.0), (7635, 18, 0.75), (7665, 14, 0.3), (6872, 6, 0.45), (6893, 14, 0.22)):
        oxygen += depth * np.exp(-0.5 * ((wave - centre) / width) ** 2)
    for centre, width, depth in (
        (7190, 22, 0.18),
        (7250, 30, 0.15),
        (8170, 25, 0.15),
        (8240, 35, 0.18),
        (8980, 45, 0.4),
    ):
        water += depth * np.exp(-0.5 * ((wave - centre) / width) ** 2)
    ripple = 1 + 0.6 * np.sin(wave / 2.9) * (wave > 7000)
    left = rng.normal(0, 0.06, n)[:, None] * oxygen + rng.normal(0, 0.12, n)[:, None] * water * ripple
    return np.exp(-left)


def _shifted(flux: np.ndarray, wave: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    return np.stack(
        [np.interp(wave / (1 + v / C_KMS), LIBRARY_GRID, row) for row, v in zip(flux, velocity, strict=True)]
    )


def _correlated(shape, rng: np.random.Generator) -> np.ndarray:
    white = rng.standard_normal((shape[0], shape[1] + 2), dtype=np.float32)
    mixed = sum(weight * white[:, lag : lag + shape[1]] for lag, weight in enumerate(NOISE_KERNEL))
    return mixed * (NOISE_SCALE / np.sqrt((NOISE_KERNEL**2).sum()))


def _masks(shape, wave, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """ORMASK and ANDMASK: single pixels, runs, and a few spectra with long bad stretches, as often as in real files."""
    n, pixels = shape
    ormask, bad_ccd = np.zeros(shape, np.uint8), int(OrMask.BADCCD)
    for bit, chance in zip(OrMask, (2.5e-4, 1e-5, 3e-5, 1e-5, 3e-6, 1e-5), strict=True):
        count = rng.poisson(chance * n * pixels)
        ormask[rng.integers(0, n, count), rng.integers(0, pixels, count)] |= int(bit)
    andmask = ormask * (rng.random(shape) < 0.8).astype(np.uint8)
    for row in np.flatnonzero(rng.random(n) < 0.12):
        for _ in range(rng.integers(1, 4)):
            length = int(np.exp(rng.uniform(np.log(3), np.log(120))))
            start = (
                int(rng.integers(0, pixels - length))
                if rng.random() < 0.3
                else int(rng.integers(1800, pixels - length))
            )
            ormask[row, start : start + length] |= bad_ccd
            andmask[row, start : start + length] |= bad_ccd
    for row in np.flatnonzero(rng.random(n) < 0.01):
        ormask[row, 1850:2700] |= bad_ccd
    return ormask, andmask


def observe(flux: np.ndarray, rows: pd.DataFrame, rng: np.random.Generator, n_pixel: int = 3909) -> SimulatedSpectra:
    """Observe spectra.

    Parameters
    ----------
    flux : ndarray, [n, pixel]
        At rest on the library's grid (`SpectrumMaker.make`).
    rows : pandas.DataFrame
        n rows of the plan: rv, helio_rv, ebv, g_mag, bp_rp, snri_aim, planted_rv.
    rng : numpy.random.Generator
    n_pixel : int
        Length of the written spectra.

    Returns
    -------
    SimulatedSpectra
    """
    n = len(rows)
    wave = lamost_wavelength()[:n_pixel]
    velocity = rows["rv"].to_numpy() + ZERO_POINT_KMS + rng.normal(0, 1.5, n)
    shifted = _shifted(flux, wave, velocity)
    bad_wave = np.flatnonzero((rows["planted_rv"] == "wave_err").to_numpy())
    for row in bad_wave:  # the arms disagree, and the solution is stretched
        offsets = rng.uniform(0.6, 1.4, 2) * WAVE_ERR_KMS * rng.choice([-1, 1])
        stretch = offsets[0] * np.interp(wave, [3700, 5800, 5801, 7400, 9100], [1, 0.5, -1, 0.2, 1.3])
        shifted[row] = np.interp(wave / (1 + (velocity[row] + stretch) / C_KMS), LIBRARY_GRID, flux[row])
    red = rows["kind"].isin(["dM", "gM", "S", "late_K"]).to_numpy()
    width = np.where(red, rng.uniform(0.35, 1.05, n), rng.uniform(0.0, 0.6, n))
    for lower in np.arange(0.05, 1.05, 0.1):
        group = np.flatnonzero((width >= lower) & (width < lower + 0.1))
        if group.size:
            shifted[group] = gaussian_filter1d(shifted[group], lower + 0.05, axis=1)
    train = (rows["role"] == "train").to_numpy()
    ebv = dust_left(rows, rng)
    curve = extinction_curve(wave) - extinction_curve(np.array([7450.0]))
    dust = 10 ** (-0.4 * ebv[:, None] * curve)
    wild = train & (rng.random(n) < 0.25)
    source = shifted * dust * _interstellar(wave, rows["ebv"].to_numpy() * train, rng)
    seen = source * _response(wave, wild, red, rng) * _telluric(wave, n, rng)
    # the photons that the dust took are missing in the noise, also where the calibration put their flux back
    lost = 10 ** (-0.4 * np.where(train, rows["ebv"] - ebv, 0.0)[:, None] * curve)
    sigma, level = _noise(source, rows, wave, lost)
    residual = (level - 1.0) * rng.normal(0, 0.035, (n, 1)) * (sigma**2).mean(axis=1, keepdims=True) ** 0.5
    factor = seen / np.maximum(source, 1e-9)
    noisy = seen + factor * (sigma * _correlated(seen.shape, rng) + residual * _wobble(n, wave, rng))
    ivar = 1.0 / (factor * sigma) ** 2
    _red_end(noisy, rows, wave, rng)
    _cosmic_rays(noisy, factor * sigma, rng)
    i_mag = (rows["g_mag"] - 0.3 * rows["bp_rp"]).to_numpy()
    scale = (900.0 * 10 ** (-0.4 * (i_mag - 15.0)))[:, None]
    ormask, andmask = _masks(noisy.shape, wave, rng)
    noisy, ivar = noisy * scale, ivar / scale**2
    _ends(noisy, ivar, wave, rng)
    snr = band_snr(noisy, ivar, wave)
    _weightless(noisy, ivar, snr, rows, wave, rng)
    return SimulatedSpectra(noisy.astype(np.float32), ivar.astype(np.float32), andmask, ormask, snr)


def _noise(source: np.ndarray, rows: pd.DataFrame, wave: np.ndarray, lost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviation per pixel from photons of star and sky and the detector, for the S/N aimed at; sky level.

    ``lost`` is the factor between the light that arrived and ``source``, relative to 7450 A.
    """
    i_mag = (rows["g_mag"] - 0.3 * rows["bp_rp"]).to_numpy()
    efficiency = _throughput(wave) * lost
    level = _sky_level(wave, rows["helio_rv"].to_numpy())
    sky = np.clip(10 ** (0.4 * (i_mag - 17.3)), 0.01, 4.0)[:, None] * level
    counts, background = source * efficiency, (sky + 0.15) * _throughput(wave)
    inside = (wave > 7000) & (wave < 8200)
    quality = np.median(counts[:, inside] / np.sqrt(counts[:, inside] + background[:, inside] + 0.05), axis=1)
    exposure = (rows["snri_aim"].to_numpy() / quality) ** 2
    sigma = np.sqrt((np.maximum(counts, 0) + background + 0.05) / exposure[:, None]) / efficiency
    floor = 0.002 * np.abs(source)  # flat fields are no better than this
    return np.hypot(sigma, floor), level


def _wobble(n: int, wave: np.ndarray, rng) -> np.ndarray:
    """Sign and size of a sky line's residual changes slowly along the spectrum."""
    knots = rng.normal(0, 1, (n, 24))
    return np.stack([np.interp(wave, np.linspace(3700, 9100, 24), row) for row in knots])


def _red_end(flux: np.ndarray, rows: pd.DataFrame, wave: np.ndarray, rng) -> None:
    """Light of the calibration lamp beyond 8000 A."""
    centres, strengths = _lines("lamp")
    for row in np.flatnonzero((rows["planted_rv"] == "red_end").to_numpy()):
        level, shift = np.median(np.abs(flux[row])), rng.uniform(-150, 150)
        for centre, strength in zip(centres, strengths, strict=True):
            centre = centre * (1 + shift / C_KMS)
            height = level * strength * rng.uniform(0.5, 2.5)
            flux[row] += height * np.exp(-0.5 * ((wave - centre) / (centre / 1800 / 2.355)) ** 2)
        flux[row] += level * rng.uniform(0.2, 0.8) / (1 + np.exp(-(wave - rng.uniform(7900, 8300)) / 60))


def _cosmic_rays(flux: np.ndarray, sigma: np.ndarray, rng) -> None:
    n, pixels = flux.shape
    count = rng.poisson(0.7 * n)
    row, pixel = rng.integers(0, n, count), rng.integers(0, pixels - 2, count)
    height = sigma[row, pixel] * np.exp(rng.uniform(np.log(5), np.log(80), count))
    flux[row, pixel] += height
    flux[row, pixel + 1] += 0.5 * height * rng.random(count)


def _ends(flux: np.ndarray, ivar: np.ndarray, wave: np.ndarray, rng) -> None:
    """Some spectra end early, zero and without weight; a few pixels have no weight though no flag says so."""
    n, pixels = flux.shape
    for row in np.flatnonzero(rng.random(n) < 0.25):
        last = np.searchsorted(wave, rng.uniform(9030, 9090))
        flux[row, last:], ivar[row, last:] = 0.0, 0.0
    count = rng.poisson(6e-4 * n * pixels)
    ivar[rng.integers(0, n, count), rng.integers(0, pixels, count)] = 0.0


def _weightless(flux: np.ndarray, ivar: np.ndarray, snr: dict, rows: pd.DataFrame, wave: np.ndarray, rng) -> None:
    """Pixels whose weight the older pipelines took away, while their flux stayed.

    Until the end of 2012: where the signal is weak, in stretches of five pixels at least (in real files half of
    3690-4200 A at an S/N of 2 in u, a tenth at 4), beyond 9000 A, and in some plates the core of the A band. Later
    plates of the first layout: all below 3899 A where the S/N in u is below 1.8. The header's S/N knows nothing of it.
    """
    old = (rows["layout"] == "image").to_numpy()
    first = old & (rows["lmjd"] < 56300).to_numpy()
    late = old & ~first & (snr["u"] < 1.8)
    ivar[late[:, None] & (wave < 3899)] = 0.0
    if not first.any():
        return
    part = ivar[first]
    ratio = gaussian_filter1d(flux[first] * np.sqrt(part), 3.0, axis=1)
    limit = rng.uniform(1.2, 2.6, (len(part), 1)) + 0.5 * rng.standard_normal(part.shape, dtype=np.float32)
    part[binary_dilation(ratio < limit, np.ones((1, 5), bool))] = 0.0
    part[wave > rng.normal(9020, 35, (len(part), 1))] = 0.0
    core = rows["planid"].isin(_A_BAND_PLATES).to_numpy()[first]
    part[core[:, None] & (wave > 7580) & (wave < 7680)] = 0.0
    ivar[first] = part


def band_snr(flux: np.ndarray, ivar: np.ndarray, wave: np.ndarray) -> dict[str, np.ndarray]:
    """Median S/N per pixel of each band, as the headers give it.

    Parameters
    ----------
    flux, ivar : ndarray, [n, pixel]
    wave : ndarray, [pixel]
        Vacuum angstrom.

    Returns
    -------
    dict of str to ndarray, [n]
        Never below 0.
    """
    ratio = flux * np.sqrt(ivar)
    return {
        band: np.maximum(np.median(ratio[:, (wave > lower) & (wave < upper)], axis=1), 0.0)
        for band, (lower, upper) in BANDS.items()
    }
