"""Spectra of O to K stars: between real templates along Teff."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mstars.simulate.log_flux import TemplateSet
from mstars.templates.library import LIBRARY_GRID


class WarmStarSpectra:
    """O to K stars: mixtures of a real template a little hotter and one a little cooler, whatever their class.

    Parameters
    ----------
    templates : TemplateSet
    """

    def __init__(self, templates: TemplateSet):
        rows = _usable(templates)
        table = templates.table
        self._log = templates.log
        self._rows = rows[np.argsort(table["teff"].to_numpy()[rows], kind="stable")]
        self._log_teff = np.log(table["teff"].to_numpy()[self._rows])
        m_h = table["m_h"].to_numpy(float)[self._rows]
        self._m_h = np.where(np.isfinite(m_h), m_h, 0.0)
        self._giant = (table["luminosity"] == "giant").to_numpy()[self._rows]

    def log_flux(self, teff: np.ndarray, rng: np.random.Generator, giant=None, m_h=None) -> np.ndarray:
        """Log flux of O to K stars.

        Parameters
        ----------
        teff : ndarray, [n]
            K.
        rng : numpy.random.Generator
            Which of the near templates.
        giant : ndarray of bool, [n], optional
            Where set, giants' templates are preferred, elsewhere dwarfs' (below 6000 K).
        m_h : ndarray, [n], optional
            Templates of like metallicity are preferred; without it, or for templates without, 0.

        Returns
        -------
        ndarray, [n, pixel]
        """
        wanted = np.zeros(len(teff), bool) if giant is None else np.asarray(giant, bool)
        m_h = np.zeros(len(teff)) if m_h is None else np.asarray(m_h, float)
        result = np.empty((len(teff), LIBRARY_GRID.size))
        for number, value in enumerate(np.log(np.asarray(teff, float))):
            gap = self._log_teff - value
            apart = (0.1 if value < np.log(7000.0) else 0.0) * np.abs(self._m_h - m_h[number])
            if value < np.log(6000.0):
                apart = apart + 0.1 * (self._giant != wanted[number])
            one = _draw_near(gap, apart, gap <= 0, rng)
            two = _draw_near(gap, apart, gap > 0, rng)
            span = self._log_teff[two] - self._log_teff[one]
            weight = np.clip((value - self._log_teff[one]) / span, 0, 1) if span > 0 else rng.uniform(0, 1)
            result[number] = (1 - weight) * self._log[self._rows[one]] + weight * self._log[self._rows[two]]
        return result


def _usable(templates: TemplateSet) -> np.ndarray:
    """Numbers of the templates of O to K stars that mixtures are made from."""
    table = templates.table
    known = table["spectral_class"].isin(list("OBAFGK")) & np.isfinite(table["teff"])
    known &= ~table["source"].isin(["fluxstd", "emulator"])
    known &= ~((table["source"] == "pickles") & (table["teff"] < 9900))  # a resolution of 500 blurs the lines
    # supergiants are rare in the survey; and one star's temperature in the table contradicts its type
    known &= ~((table["teff"] > 6800) & (table["teff"] < 9900) & (table["logg"] < 2.2))
    known &= ~((table["teff"] > 9900) & (table["logg"] < 2.0))
    known &= ~((table["subclass"].str[:1] == "F") & (table["teff"] > 8000))
    return np.flatnonzero(known.to_numpy())


def _draw_near(gap: np.ndarray, apart: np.ndarray, side: np.ndarray, rng: np.random.Generator) -> int:
    """One of the four nearest templates on this side in Teff (of all, at the end of the ladder)."""
    cost = np.abs(gap) + apart + np.where(side, 0.0, 1.0)
    near = np.argsort(cost, kind="stable")[:4]
    return int(rng.choice(near[cost[near] <= max(cost[near[0]], 0.05) + 0.05]))


def diluted(log: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A stars with weaker lines, by rotation, companions, and metals that don't follow the hydrogen.

    Parameters
    ----------
    log : ndarray, [n, pixel]
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, [n, pixel]
    """
    smooth = gaussian_filter1d(log, 150, axis=-1)
    strength = 1.0 - np.minimum(np.abs(rng.normal(0, 0.15, len(log))), 0.65)
    return smooth + strength[:, None] * (log - smooth)
