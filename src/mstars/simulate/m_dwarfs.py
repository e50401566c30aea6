"""Spectra of M dwarfs: templates along Teff, the emulator's responses to composition, bands that tell gravity."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from mstars.core.errors import InputError
from mstars.simulate.log_flux import TemplateSet, between, tio5
from mstars.templates.library import LIBRARY_GRID

_USUAL_LOGG = np.array(
    [[2500, 5.15], [2900, 5.08], [3200, 4.97], [3400, 4.87], [3670, 4.75], [4090, 4.67], [4500, 4.62]]
)
"""Teff (K) and log g of main-sequence dwarfs."""

_RESPONSE_TEFF = np.array([3520.0, 3700.0, 3900.0, 4150.0])


class DwarfSpectra:
    """M dwarfs and late K dwarfs of any labels.

    Parameters
    ----------
    templates : TemplateSet
        With the sources bochanski and kesseli.

    Raises
    ------
    InputError
        When one of the sources is missing.
    """

    def __init__(self, templates: TemplateSet):
        self._teff, self._log = _ladder(templates)
        self._m_h = _response(templates, m_h=0.2)
        self._alpha = _response(templates, alpha_m=0.2)
        self._contrast = self._gravity_contrast(templates)

    def _gravity_contrast(self, templates: TemplateSet) -> np.ndarray:
        """ln(dwarf / giant) at TiO5 = 0.5, lines only: CaH, Na I, K I stronger in dwarfs, Ca II triplet weaker."""
        dwarfs = between(self._log, self._teff, np.linspace(3250, 3700, 46))
        giants = templates.computed(np.linspace(3520, 3900, 39), 1.0, 0.0)
        dwarf = dwarfs[np.argmin(np.abs(tio5(dwarfs) - 0.5))]
        giant = giants[np.argmin(np.abs(tio5(giants) - 0.5))]
        difference = dwarf - giant
        return gaussian_filter1d(difference - gaussian_filter1d(difference, 300), 1.5)

    def log_flux(self, teff, logg, m_h, alpha_m) -> np.ndarray:
        """Log flux of dwarfs; the templates reach from 2570 to 4830 K.

        Parameters
        ----------
        teff, logg, m_h, alpha_m : float or ndarray, [n]
            K and dex.

        Returns
        -------
        ndarray, [n, pixel]

        Raises
        ------
        InputError
            When Teff is outside the templates' range.
        """
        teff, logg, m_h, alpha_m = (np.atleast_1d(np.asarray(value, float)) for value in (teff, logg, m_h, alpha_m))
        low, high = self._teff[0], self._teff[-1]
        if (teff < low).any() or (teff > high).any():
            raise InputError(
                f"simulated dwarf: Teff {teff.min():.0f} to {teff.max():.0f} K is outside {low:.0f}-{high:.0f} K"
            )
        log = between(self._log, self._teff, teff)
        usual = np.interp(teff, _USUAL_LOGG[:, 0], _USUAL_LOGG[:, 1])
        log = log + between(self._m_h, _RESPONSE_TEFF, teff) * np.clip(m_h + 0.05, -1.6, 0.5)[:, None]
        log = log + between(self._alpha, _RESPONSE_TEFF, teff) * (alpha_m - 0.04)[:, None]
        # hydrides stay strong where metals are few (zeta falls), and grow with gravity
        strength = 0.9 * (logg - usual) - 0.35 * np.clip(m_h + 0.05, -1.6, 0.0)
        return log + self._contrast * strength[:, None]


def _ladder(templates: TemplateSet) -> tuple[np.ndarray, np.ndarray]:
    """Teff and log flux of the templates along Teff, [k] and [k, pixel]."""
    table = templates.table
    rows = templates.rows(kind="dM", source="bochanski")
    warm = [row for row in templates.rows(source="kesseli", luminosity="dwarf", m_h=0.0) if table["teff"][row] < 4700]
    if len(rows) < 3 or not warm:
        raise InputError("simulate.make_sources: M dwarfs need the sources bochanski and kesseli")
    rows = np.array([*rows, *warm])
    teff = table["teff"].to_numpy()[rows]
    order = np.argsort(teff)
    teff, logs = teff[order], templates.log[rows[order]]
    # the coolest templates are noisy in the blue: there only their shape is used
    blue = LIBRARY_GRID < 4300
    for number in range(len(logs)):
        if teff[number] < 2900:
            logs[number, blue] = gaussian_filter1d(logs[number], 12)[blue]
    return teff, logs


def _response(templates: TemplateSet, **step: float) -> np.ndarray:
    """d ln F over d of one label (with its step), at log g 3 and the Teff of `_RESPONSE_TEFF`, [k, pixel]."""
    (name, size), spread = next(iter(step.items())), []
    for sign in (1, -1):
        values = dict(teff=_RESPONSE_TEFF, logg=3.0, m_h=-0.1, alpha_m=0.05)
        values[name] = values[name] + sign * size
        spread.append(templates.computed(**values))
    return gaussian_filter1d((spread[0] - spread[1]) / (2 * size), 1.0, axis=-1)
