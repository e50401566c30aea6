"""Spectra of M giants and S stars: the emulator above 3540 K, towards real M6 giants below."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mstars.core.errors import InputError
from mstars.simulate.log_flux import TemplateSet, tio5
from mstars.spectra.wavelengths import air_to_vacuum
from mstars.templates.library import LIBRARY_GRID

COOLEST_COMPUTED, HOTTEST = 3540.0, 4180.0
"""Teff, K: below the first, real giants are mixed in; above the second there are none."""

_BEYOND_M6 = np.array(
    [
        (3500, 4000, 4600, 5500, 6100, 6550, 7110, 7450, 7700, 8200, 8500, 8790, 8950, 9300),
        (-0.95, -0.9, -0.77, -0.62, -0.38, -0.2, -0.2, 0.0, 0.0, 0.28, 0.12, 0.36, 0.3, 0.3),
    ]
)
"""Smooth change of ln flux from giants of M6 to M8 (MaStar's clusters 08 and 06): angstrom and difference."""

_S_STAR_HEADS = {
    5551: 0.5,
    5718: 0.5,
    5849: 0.4,
    6345: 0.6,
    6378: 0.6,
    6474: 1.0,
    6508: 0.6,
    6933: 0.4,
    7403: 0.5,
    7910: 0.5,
    8188: 0.4,
    8610: 0.3,
}
"""Heads of the ZrO and LaO systems (air, angstrom; Keenan & Boeshaar 1980, ApJS 43, 379) and their relative depth."""


class GiantSpectra:
    """M giants of any labels, and S stars.

    Parameters
    ----------
    templates : TemplateSet
        With the source stelib.

    Raises
    ------
    InputError
        When the source is missing.
    """

    def __init__(self, templates: TemplateSet):
        self._templates = templates
        rows = templates.rows(source="stelib", kind="gM")
        teff = templates.table["teff"]
        late = [row for row in rows if teff[row] < 3500]
        if not late:
            raise InputError("simulate.make_sources: M giants later than M4 need the source stelib")
        edge = templates.computed(COOLEST_COMPUTED, 0.6, 0.0)[0]
        self._late_difference = np.stack([row - edge for row in templates.log[late]])
        self._residual = self._missed_lines([row for row in rows if teff[row] >= 3500])

    def _missed_lines(self, early: list[int]) -> np.ndarray | None:
        """Real giants less computed ones of the same TiO, [k, pixel]: what the computation misses, line by line."""
        if not early:
            return None
        models = self._templates.computed(np.linspace(COOLEST_COMPUTED, 4000, 47), 1.0, 0.0)
        real = self._templates.log[early]
        nearest = [models[np.argmin(np.abs(tio5(models) - tio5(row[None])[0]))] for row in real]
        return np.stack([row - near for row, near in zip(real, nearest, strict=True)])

    def log_flux(self, teff, logg, m_h, alpha_m, rng: np.random.Generator) -> np.ndarray:
        """Log flux of giants from 3050 to 4180 K.

        Parameters
        ----------
        teff, logg, m_h, alpha_m : float or ndarray, [n]
            K and dex.
        rng : numpy.random.Generator
            Which of the late giants, how far beyond M6, how much of the missed lines.

        Returns
        -------
        ndarray, [n, pixel]

        Raises
        ------
        InputError
            When Teff is outside that range.
        """
        teff, logg, m_h, alpha_m = (np.atleast_1d(np.asarray(value, float)) for value in (teff, logg, m_h, alpha_m))
        if (teff < 3050).any() or (teff > HOTTEST).any():
            raise InputError(f"simulated giant: Teff {teff.min():.0f} to {teff.max():.0f} K is outside 3050-4180 K")
        warm = np.maximum(teff, COOLEST_COMPUTED)
        log = self._templates.computed(warm, np.clip(logg, 0.02, 3.4), np.clip(m_h, -2.4, 0.48), alpha_m)
        depth = np.clip((COOLEST_COMPUTED - teff) / 240.0, 0.0, 1.0) + 0.35 * np.clip((3300.0 - teff) / 240.0, 0.0, 1.0)
        which = rng.integers(0, len(self._late_difference), teff.size)
        log = log + depth[:, None] * self._late_difference[which]
        beyond = np.clip((3340.0 - teff) / 200.0, 0.0, 1.0) * rng.uniform(0.0, 3.0, teff.size)
        log = log + beyond[:, None] * np.interp(LIBRARY_GRID, *_BEYOND_M6)[None]
        if self._residual is not None:
            share = rng.uniform(0, 1.0, (teff.size, len(self._residual))) / len(self._residual)
            log = log + np.where(depth > 0.5, 0.3, 1.0)[:, None] * (share @ self._residual)
        return log

    def s_stars(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Log flux of S stars: giants whose TiO is weak and whose ZrO (and LaO) bands are strong.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator

        Returns
        -------
        ndarray, [n, pixel]
        """
        metals, alpha = np.full(n, -0.1), np.full(n, 0.0)
        log = self.log_flux(rng.uniform(3650, 3900, n), rng.uniform(0.4, 1.0, n), metals, alpha, rng)
        cooler = self.log_flux(rng.uniform(3200, 3500, n), np.full(n, 0.4), metals, alpha, rng)
        shape = gaussian_filter1d(cooler - log, 250, axis=-1)
        bands = np.zeros_like(log)
        strength = rng.uniform(0.35, 0.9, n)
        for head, relative in _S_STAR_HEADS.items():
            distance = LIBRARY_GRID - air_to_vacuum(float(head))
            redward, blueward = np.exp(-np.abs(distance) / 55.0), np.exp(-0.5 * (distance / 2.0) ** 2)
            bands += np.where(distance > 0, redward, blueward) * relative
        return log + 0.8 * shape - strength[:, None] * bands * 0.8
