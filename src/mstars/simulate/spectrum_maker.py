"""Spectra of stars with labels, and of everything else, before they meet the instrument."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.simulate.emission import add_activity, add_broad_emission
from mstars.simulate.log_flux import TemplateSet, anchored
from mstars.simulate.m_dwarfs import DwarfSpectra
from mstars.simulate.m_giants import GiantSpectra
from mstars.simulate.nonstellar import galaxies, quasar, shapeless, white_dwarf
from mstars.simulate.warm_stars import WarmStarSpectra, diluted
from mstars.templates.library import LIBRARY_GRID


class SpectrumMaker:
    """Makes spectra (flux per angstrom, mean 1 near 7450 A) on the library's grid, at rest.

    Parameters
    ----------
    library : str or Path
        The template library.
    sources : sequence of str
        ``simulate.make_sources``.

    Attributes
    ----------
    templates : TemplateSet
    dwarfs : DwarfSpectra
    giants : GiantSpectra
    warm : WarmStarSpectra

    Raises
    ------
    InputError
        When a source that M dwarfs or M giants need is missing.
    """

    def __init__(self, library: str | Path, sources: Sequence[str]):
        self.templates = TemplateSet(library, sources)
        self.dwarfs = DwarfSpectra(self.templates)
        self.giants = GiantSpectra(self.templates)
        self.warm = WarmStarSpectra(self.templates)
        self._kinds = {
            "dM": lambda rows, rng: self.dwarfs.log_flux(*labels_of(rows)),
            "gM": lambda rows, rng: self.giants.log_flux(*labels_of(rows), rng),
            "S": lambda rows, rng: self.giants.s_stars(len(rows), rng),
            "A": lambda rows, rng: diluted(self._warm_stars(rows, rng), rng),
            "WD": self._white_dwarfs,
            "spectral_binary": self._binaries,
            "em_star": self._emission_stars,
            "unknown": lambda rows, rng: shapeless(len(rows), rng),
        }
        self._kinds |= dict.fromkeys(("late_K", "OB", "B", "F", "G", "K"), self._warm_stars)
        self._kinds |= dict.fromkeys(("GALAXY", "galaxy"), self._galaxies)
        self._kinds |= dict.fromkeys(("QSO", "qso"), _quasars)

    def make(self, kind: str, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """Spectra of one kind; redshifts of galaxies and quasars are in them, velocities are not.

        Parameters
        ----------
        kind : str
            Column ``kind`` of the plan.
        rows : pandas.DataFrame
            n rows of the plan (`mstars.simulate.observations.draw_survey`).
        rng : numpy.random.Generator

        Returns
        -------
        ndarray, [n, pixel]

        Raises
        ------
        InputError
            When there are no spectra of that kind, or a label is outside what the templates cover.
        """
        if kind not in self._kinds:
            raise InputError(f"simulate: no spectra of kind {kind!r}")
        flux = np.exp(np.clip(anchored(self._kinds[kind](rows, rng)), -6, 4))
        if kind == "dM" and "companion_kms" in rows:
            self._add_companions(flux, rows)
        if kind == "dM" and "active" in rows:
            add_activity(flux, rows["active"].to_numpy(bool), rng)
        return flux

    def _warm_stars(self, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        teff, logg, m_h, _ = labels_of(rows)
        return self.warm.log_flux(teff, rng, logg < 3.5, m_h)

    def _white_dwarfs(self, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """Synthetic ones, and real ones for 40 % where the templates have some."""
        teff, logg, *_ = labels_of(rows)
        log = white_dwarf(LIBRARY_GRID, teff, logg, rng)
        real = self.templates.log[self.templates.rows(spectral_class="WD")]
        if len(real):
            chosen = np.flatnonzero(rng.random(len(rows)) < 0.4)
            log[chosen] = real[rng.integers(0, len(real), chosen.size)]
        return log

    def _galaxies(self, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        return galaxies(self.templates, rows["redshift"].to_numpy(), rng)

    def _add_companions(self, flux: np.ndarray, rows: pd.DataFrame) -> None:
        """Second dwarfs of double-lined binaries, in place; the light's mean velocity stays 0."""
        second = np.flatnonzero(rows["companion_kms"].to_numpy() != 0)
        if not second.size:
            return
        part = rows.iloc[second]
        labels = [part[name].to_numpy(float) for name in ("companion_teff", "logg", "m_h", "alpha_m")]
        cool = np.exp(np.clip(anchored(self.dwarfs.log_flux(*labels)), -6, 4))
        for place, row, apart, share in zip(second, cool, part["companion_kms"], part["companion_share"], strict=True):
            moved = LIBRARY_GRID / (1 - share * apart / C_KMS)
            flux[place] = (1 - share) * np.interp(moved, LIBRARY_GRID, flux[place])
            moved = LIBRARY_GRID / (1 + (1 - share) * apart / C_KMS)
            flux[place] += share * np.interp(moved, LIBRARY_GRID, row)

    def _binaries(self, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """A white dwarf or a hot star beside an M dwarf, of like brightness."""
        n = len(rows)
        cool = np.exp(anchored(self.dwarfs.log_flux(*labels_of(rows))))
        hot = np.exp(anchored(white_dwarf(LIBRARY_GRID, rng.uniform(9000, 30000, n), np.full(n, 8.0), rng)))
        second = np.exp(anchored(self.warm.log_flux(rng.uniform(6200, 9000, n), rng)))
        hot = np.where(rng.random(n)[:, None] < 0.6, hot, second)
        share = rng.uniform(0.5, 0.85, n)[:, None]
        return np.log(share * hot + (1 - share) * cool)

    def _emission_stars(self, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """Be and Herbig stars, cataclysmic variables."""
        flux = np.exp(anchored(self.warm.log_flux(labels_of(rows)[0], rng)))
        add_broad_emission(flux, rng)
        return np.log(flux)


def labels_of(rows: pd.DataFrame) -> list[np.ndarray]:
    """Teff, log g, [M/H] and [alpha/M] of the plan's rows.

    Parameters
    ----------
    rows : pandas.DataFrame
        n rows.

    Returns
    -------
    list of ndarray of float64, [n]
    """
    return [rows[name].to_numpy(float) for name in LABELS]


def _quasars(rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    return quasar(LIBRARY_GRID, rows["redshift"].to_numpy(), rng)
