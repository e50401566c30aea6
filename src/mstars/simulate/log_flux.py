"""Logarithms of template fluxes on the library's grid: what simulated spectra are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mstars.spectra.wavelengths import air_to_vacuum
from mstars.templates.build import emulator_spectra
from mstars.templates.library import LIBRARY_GRID, load_emulator, load_library

_REFERENCE = (LIBRARY_GRID > 7400) & (LIBRARY_GRID < 7500)


def normalised(flux: np.ndarray) -> np.ndarray:
    """Natural logarithm of the flux, with mean 0 from 7400 to 7500 A.

    Parameters
    ----------
    flux : ndarray, [..., pixel]
        NaN where a template has no data. Fluxes below 0.2 % of the median count as that.

    Returns
    -------
    ndarray, [..., pixel]
    """
    log = np.log(np.maximum(flux, 2e-3 * np.nanmedian(flux, axis=-1, keepdims=True)))
    return log - np.nanmean(log[..., _REFERENCE], axis=-1, keepdims=True)


def anchored(log: np.ndarray) -> np.ndarray:
    """The logarithms of a flux moved to mean 0 from 7400 to 7500 A.

    Parameters
    ----------
    log : ndarray, [..., pixel]

    Returns
    -------
    ndarray, [..., pixel]
    """
    return log - np.mean(log[..., _REFERENCE], axis=-1, keepdims=True)


def gaps_filled(log: np.ndarray, donor: np.ndarray) -> np.ndarray:
    """Where a template has no data: the donor's shape beyond the ends, scaled there; straight lines inside.

    Parameters
    ----------
    log, donor : ndarray, [pixel]

    Returns
    -------
    ndarray, [pixel]
    """
    log = log.copy()
    good = np.flatnonzero(np.isfinite(log))
    first, last = good[0], good[-1]
    log[:first] = donor[:first] + np.median(log[first : first + 60] - donor[first : first + 60])
    log[last + 1 :] = donor[last + 1 :] + np.median(log[last - 60 : last] - donor[last - 60 : last])
    inside = ~np.isfinite(log)
    log[inside] = np.interp(np.flatnonzero(inside), np.flatnonzero(~inside), log[~inside])
    return log


def tio5(log: np.ndarray) -> np.ndarray:
    """The TiO5 index: mean flux of 7126 to 7135 A over that of 7042 to 7046 A (air).

    Parameters
    ----------
    log : ndarray, [n, pixel]

    Returns
    -------
    ndarray, [n]
    """
    return _band_mean(log, 7126, 7135) / _band_mean(log, 7042, 7046)


def _band_mean(log: np.ndarray, lower: float, upper: float) -> np.ndarray:
    inside = (LIBRARY_GRID >= air_to_vacuum(lower)) & (LIBRARY_GRID <= air_to_vacuum(upper))
    return np.exp(log[:, inside]).mean(axis=1)


def between(ladder: np.ndarray, rungs: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Linear interpolation between spectra.

    Parameters
    ----------
    ladder : ndarray, [k, pixel]
    rungs : ndarray, [k]
        Ascending: Teff of the ladder's spectra, K.
    value : ndarray, [n]
        Teff, K.

    Returns
    -------
    ndarray, [n, pixel]
    """
    place = np.interp(value, rungs, np.arange(len(rungs)))
    lower = np.clip(place.astype(int), 0, len(rungs) - 2)
    weight = (place - lower)[:, None]
    return (1 - weight) * ladder[lower] + weight * ladder[lower + 1]


class TemplateSet:
    """The templates that spectra are made of, without gaps, and the emulator of computed spectra.

    Parameters
    ----------
    library : str or Path
        The template library.
    sources : sequence of str
        ``simulate.make_sources``.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a template.
    log : ndarray, [template, pixel]
        `normalised` fluxes.
    """

    def __init__(self, library: str | Path, sources: Sequence[str]):
        templates = load_library(library, sources=sources)
        table, log = templates.table, normalised(templates.flux.astype(float))
        full = np.isfinite(log[:, (LIBRARY_GRID > 3900) & (LIBRARY_GRID < 9000)]).mean(axis=1) > 0.985
        cool = np.flatnonzero(
            (table["spectral_class"] == "K") & full & np.isfinite(log[:, LIBRARY_GRID > 3700]).all(axis=1)
        )
        donor_rows = cool if cool.size else np.flatnonzero(full)
        donor = log[donor_rows[0]]
        donor = gaps_filled(donor, np.zeros_like(donor))
        self.table = table[full].reset_index(drop=True)
        self.log = np.stack([gaps_filled(row, donor) for row in log[full]])
        self._emulator = load_emulator(library)

    def rows(self, **chosen) -> np.ndarray:
        """Numbers of the templates whose columns have the values given.

        Parameters
        ----------
        **chosen
            Column and value, or a list of values.

        Returns
        -------
        ndarray of int
        """
        keep = np.ones(len(self.table), bool)
        for column, values in chosen.items():
            keep &= self.table[column].isin(values if isinstance(values, list | tuple) else [values]).to_numpy()
        return np.flatnonzero(keep)

    def computed(self, teff, logg, m_h, alpha_m=0.0) -> np.ndarray:
        """Log flux of the emulator; pixels that it does not reach take the nearest one's value.

        Parameters
        ----------
        teff, logg, m_h, alpha_m : float or ndarray, [n]
            K and dex.

        Returns
        -------
        ndarray, [n, pixel]
        """
        log = normalised(emulator_spectra(self._emulator, teff, logg, m_h, alpha_m))
        reached = np.flatnonzero(np.isfinite(log).all(axis=0))
        log[:, : reached[0]] = log[:, reached[0], None]
        log[:, reached[-1] + 1 :] = log[:, reached[-1], None]
        return log
