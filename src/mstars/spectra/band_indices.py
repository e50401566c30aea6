"""Band indices, subtype, metallicity class and H alpha activity of M stars, from spectra in their rest frame."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from mstars.core.constants import C_KMS
from mstars.core.resources import resource, resource_table
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import air_to_vacuum

HALPHA_BAND = (6557.61, 6571.61)
HALPHA_SIDES = ((6500.0, 6550.0), (6575.0, 6625.0))
"""Vacuum, angstrom: 14 A around H alpha, and its continuum."""

ACTIVE_ABOVE = 0.75
"""A spectrum is active when H alpha's emission (A) is greater than this, and than three of its errors."""

TIO5_SUN = {"lepine2007": (-0.164, 0.670, -0.118, -0.050), "zhang2019": (-0.1069, 0.3863, 0.312, -0.2849)}
"""TiO5 of the solar-metallicity sequence as a cubic in CaH2 + CaH3, highest power first."""

CLASS_LIMITS = (0.2, 0.5, 0.825)
"""Of zeta, between usdM, esdM, sdM and dM (Lepine et al. 2007)."""

_CLASSES = np.array(["usdM", "esdM", "sdM", "dM"], dtype=object)
_LEAST_GOOD = 0.6  # of a band's pixels


@functools.cache
def bands() -> dict[str, tuple[tuple[float, float], ...]]:
    """Band and continua of each index (``resources/indices.csv``).

    Returns
    -------
    dict of str to tuple of (float, float)
        Vacuum angstrom: the band, then its continua.
    """
    table = resource_table(resource("indices.csv")).set_index("index")
    return {
        name: tuple(
            tuple(air_to_vacuum(pair)) for pair in row.to_numpy(float).reshape(-1, 2) if np.isfinite(pair).all()
        )
        for name, row in table.iterrows()
    }


class _Integrals:
    """Integrals of flux, variance and good pixels between the limits of all bands, in one pass over the spectra."""

    def __init__(self, spectra: SpectrumSet, rv: np.ndarray, pairs: Iterable[tuple[float, float]]):
        from mstars.spectra.loops import running_sums

        rv = np.asarray(rv, dtype=float)
        self.factor = 1 + np.where(np.isfinite(rv), rv, 0.0) / C_KMS
        self.column = {limit: column for column, limit in enumerate(sorted(set(chain(*pairs))))}
        edges = _pixel_edges(spectra.wavelength)
        limits = np.array(list(self.column))
        place = np.interp(limits * self.factor[:, None], edges, np.arange(len(edges)))
        running = np.empty((3, *place.shape))
        running_sums(spectra.flux, spectra.ivar, spectra.ormask, np.diff(edges), place, running)
        self.good, self.flux, self.variance = running

    def between(self, running: np.ndarray, lower: float, upper: float) -> np.ndarray:
        """Integral of each row between rest wavelengths; pixels count by the part inside."""
        return running[:, self.column[upper]] - running[:, self.column[lower]]

    def mean(self, lower: float, upper: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean flux and its variance over a rest-frame band; NaN where too few of its pixels are good."""
        good = self.between(self.good, lower, upper)
        usable = good >= _LEAST_GOOD * (upper - lower) * self.factor
        good = np.where(usable, good, np.nan)
        return self.between(self.flux, lower, upper) / good, self.between(self.variance, lower, upper) / good**2


def _pixel_edges(wavelength: np.ndarray) -> np.ndarray:
    """Halfway between the pixels, and as far beyond the first and the last: [pixel + 1]."""
    middle = 0.5 * (wavelength[1:] + wavelength[:-1])
    first = 1.5 * wavelength[:1] - 0.5 * wavelength[1:2]
    last = 1.5 * wavelength[-1:] - 0.5 * wavelength[-2:-1]
    return np.concatenate([first, middle, last])


def band_indices(spectra: SpectrumSet, rv: np.ndarray, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Indices of ``resources/indices.csv`` with their errors, and H alpha's equivalent width.

    Parameters
    ----------
    spectra : SpectrumSet
        n observed spectra.
    rv : ndarray, [n]
        km/s; NaN: the spectrum is not shifted.
    names : sequence of str, optional
        Which indices, all by default; ``ewha`` is H alpha.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, then ``{index}`` and ``{index}_err`` (dimensionless), ewha and ewha_err (angstrom, emission
        positive). NaN where 40 % of a band are masked or a continuum is not positive.
    """
    wanted = {name: pairs for name, pairs in bands().items() if names is None or name in names}
    halpha = [HALPHA_BAND, *HALPHA_SIDES] if names is None or "ewha" in names else []
    integrals = _Integrals(spectra, rv, chain(*wanted.values(), halpha))
    table = {"spectrum_key": spectra.spectrum_key.astype(str)}
    for name, (band, *continua) in wanted.items():
        above, above_variance = integrals.mean(*band)
        below, below_variance = _mean_of([integrals.mean(*pair) for pair in continua])
        table[name], table[f"{name}_err"] = _ratio(above, above_variance, below, below_variance)
    if halpha:
        table["ewha"], table["ewha_err"] = _equivalent_width(integrals)
    return pd.DataFrame(table)


def _mean_of(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    means, variances = zip(*parts, strict=True)
    return np.mean(means, axis=0), np.sum(variances, axis=0) / len(parts) ** 2


def _ratio(above, above_variance, below, below_variance) -> tuple[np.ndarray, np.ndarray]:
    below = np.where(below > 0, below, np.nan)
    value = above / below
    return value, np.sqrt(above_variance + value**2 * below_variance) / below


def _equivalent_width(integrals: _Integrals) -> tuple[np.ndarray, np.ndarray]:
    """H alpha over the mean of its two side bands, times the width of the band: emission is positive."""
    line, line_variance = integrals.mean(*HALPHA_BAND)
    side, side_variance = _mean_of([integrals.mean(*pair) for pair in HALPHA_SIDES])
    ratio, error = _ratio(line, line_variance, side, side_variance)
    width = HALPHA_BAND[1] - HALPHA_BAND[0]
    return (ratio - 1) * width, error * width


def solar_tio5(cah: np.ndarray, calibration: str = "zhang2019") -> np.ndarray:
    """TiO5 of stars of solar metallicity with this CaH2 + CaH3.

    Parameters
    ----------
    cah : ndarray, [n]
        CaH2 + CaH3.
    calibration : str
        A key of `TIO5_SUN`.

    Returns
    -------
    ndarray, [n]
    """
    return np.polyval(TIO5_SUN[calibration], cah)


def derived(table: pd.DataFrame, calibration: str = "zhang2019") -> pd.DataFrame:
    """Subtype, zeta, metallicity class and activity from the indices.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `band_indices`.
    calibration : {"zhang2019", "lepine2007"}
        Whose `TIO5_SUN`. Zhang et al. (2019) is made for LAMOST spectra; Lepine et al. (2007) is the usual one.

    Returns
    -------
    pandas.DataFrame
        subtype_tio5 (0 is M0, from Reid et al. 1995: 8.2 - 10.775 TiO5), zeta = (1 - TiO5) / (1 - TiO5_sun),
        metallicity_class (dM, sdM, esdM, usdM; '' unknown; for dwarfs only), active (1, 0, null).
    """
    tio5 = table["tio5"].to_numpy(dtype=float)
    cah = (table["cah2"] + table["cah3"]).to_numpy(dtype=float)
    below = 1 - solar_tio5(cah, calibration)
    zeta = (1 - tio5) / np.where(below > 0, below, np.nan)
    kind = _CLASSES[np.digitize(np.nan_to_num(zeta), CLASS_LIMITS)]
    kind[~np.isfinite(zeta)] = ""
    width, error = table["ewha"], table["ewha_err"]
    active = ((width > ACTIVE_ABOVE) & (width > 3 * error)).astype("int8").astype("Int8").where(width.notna())
    return pd.DataFrame(
        {"subtype_tio5": 8.2 - 10.775 * tio5, "zeta": zeta, "metallicity_class": kind, "active": active.to_numpy()},
        index=table.index,
    )
