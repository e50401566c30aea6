"""Made-up M-like stars, templates of them, and noisy observations with known velocities."""

import numpy as np
from scipy.interpolate import CubicSpline

from mstars.core.config.template_matching import MatchOptions
from mstars.core.constants import C_KMS
from mstars.core.lines import velocity_line_set
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength
from mstars.velocity.match.bank import polynomials
from mstars.velocity.match.make_bank import make_bank
from mstars.velocity.match.prepare import prepare

REST = 10.0 ** (3.55 + 1e-4 * np.arange(4150))
LINES = velocity_line_set("absorption")[1]


def star(wavelength, kind, seed=0):
    """A made-up M-like spectrum: TiO-like steps, the lines of Table 5, and weak lines everywhere."""
    rng = np.random.default_rng(seed)
    flux = (wavelength / 8000.0) ** (2 + kind)
    for head in (4954, 5167, 5448, 5847, 6159, 6651, 7054, 7126, 7589, 8432, 8859):
        depth = 0.15 + 0.12 * kind
        flux = flux * (
            1 - depth * np.exp(-(wavelength - head) / 120.0) / (1 + np.exp(np.clip((head - wavelength) / 2, -99, 99)))
        )
    for center in np.concatenate([LINES, rng.uniform(3600, 9100, 300)]):
        deep = 0.3 if center in LINES else rng.uniform(0.0, 0.08)
        flux = flux * (1 - deep * np.exp(-0.5 * ((wavelength - center) / 1.8) ** 2))
    return flux


KINDS = np.linspace(0.0, 2.0, 6)
TEMPLATES = np.array([star(REST, kind) for kind in KINDS])


def observe(n, seed, snr=40.0, masks=True):
    """Spectra of ``n`` stars, their velocities in km/s and the row of their template."""
    rng = np.random.default_rng(seed)
    wavelength = lamost_wavelength()
    rv = rng.uniform(-300, 300, n)
    kind = rng.integers(0, len(KINDS), n)
    splines = [CubicSpline(np.log10(REST), row) for row in TEMPLATES]
    loglam = np.log10(wavelength)
    flux = np.array([splines[k](loglam - np.log10(1 + v / C_KMS)) for k, v in zip(kind, rv, strict=True)])
    flux /= flux.mean(axis=1, keepdims=True)
    flux *= 1 + 0.2 * np.polynomial.legendre.legval(np.linspace(-1, 1, wavelength.size), [0, 1, -0.5])
    ivar = np.full(flux.shape, snr**2)
    flux += rng.normal(size=flux.shape) / snr
    ormask = np.zeros(flux.shape, np.uint8)
    if masks:
        for row in range(0, n, 2):
            for start in rng.integers(900, 3700, 3):
                ormask[row, start : start + rng.integers(1, 90)] = 32
    key = np.array([f"55000-P-sp01-{k:03d}" for k in range(n)])
    return SpectrumSet((1e3 * flux).astype("f4"), (ivar / 1e6).astype("f4"), ormask, wavelength, key), rv, kind


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


def make_many():
    """A bank of 60 templates: enough for the pruned scan to leave most of them out."""
    flux = np.array([star(REST, kind, seed) for seed in (1, 2, 3) for kind in np.linspace(0, 2, 20)])
    names = [f"m{k}" for k in range(len(flux))]
    return make_bank(REST, flux, names, spectral_class=["M"] * len(flux), rest_range=(7000.0, 8899.0))


def plain_match(**changes) -> MatchOptions:
    """Template matching by Eq. 2 as it is, without what the defaults add to it: independent sums can check it."""
    plain = {
        "method": "exhaustive",
        "device": "cpu",
        "weights": "none",
        "left_out": (),
        "smooth_removed": 0,
        "clip_sigma": 0,
        "local_pixels": 0,
        "mixture": False,
        "faint_error_kms": 10,
        "faint_noise_floor": 0.02,
        "min_pixels": 1000,
        "error_scale": 1,
        "error_floor_kms": 0,
        "giant_floor_kms": 0,
    }
    return MatchOptions(**plain | changes)
