"""Shapes of computed spectra, for the recalibration of observed ones (section 2.3.2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.errors import InputError
from mstars.engines.laspm.golden.labels import LABELS
from mstars.engines.laspm.golden.spectra import GRID, SampleSpectra, recalibrated
from mstars.spectra.normalisation import mean_normalised
from mstars.templates.theory import TheoryGrid
from mstars.templates.theory_formats import read_theory_grid

logger = logging.getLogger("mstars")

_CHUNK = 2048


@dataclass
class TheoryShapes:
    """Computed spectra of a class on `GRID`, each with a mean of 1.

    Attributes
    ----------
    labels : ndarray, [n, 3]
        teff, logg, m_h.
    flux : ndarray of float32, [n, pixel]
    """

    labels: np.ndarray
    flux: np.ndarray

    @classmethod
    def of(cls, grid: TheoryGrid) -> TheoryShapes:
        """From a theory grid; of spectra that differ in [alpha/M] alone the one nearest to 0 counts.

        Raises
        ------
        InputError
            The spectra do not reach from 3900 to 8800 A.
        """
        alpha = grid.labels["alpha_m"].fillna(0).abs()
        rows = grid.labels.assign(alpha=alpha).sort_values("alpha", kind="stable").drop_duplicates(list(LABELS)).index
        chosen = grid.select(np.sort(rows.to_numpy()))
        flux = chosen.flux_on(GRID)
        return cls(chosen.labels[list(LABELS)].to_numpy(dtype=float), mean_normalised(flux, np.ones_like(flux))[0])

    def at(self, labels: np.ndarray) -> np.ndarray:
        """Spectra at some labels, by lines between those of the grid: float32 [n, pixel].

        Labels beyond the grid are moved to its edge; in a hole of it, the nearest spectrum is taken.
        """
        moved = np.clip(labels, self.labels.min(axis=0), self.labels.max(axis=0))
        extent = np.ptp(self.labels, axis=0)
        share = self._shares(moved[:, extent > 0] / extent[extent > 0])
        return (share @ self.flux).astype(np.float32)

    def beyond(self, labels: np.ndarray) -> np.ndarray:
        """Whose labels the grid does not reach: bool [n]."""
        return ((labels < self.labels.min(axis=0)) | (labels > self.labels.max(axis=0))).any(axis=1)

    @cached_property
    def _known(self) -> np.ndarray:
        """Labels that vary, in units of their extent: [grid, axis]."""
        extent = np.ptp(self.labels, axis=0)
        return self.labels[:, extent > 0] / extent[extent > 0]

    @cached_property
    def _linear(self) -> LinearNDInterpolator:
        """Of the grid's spectra, one triangulation for all that are looked up."""
        return LinearNDInterpolator(self._known, np.eye(len(self._known), dtype=np.float32))

    def _shares(self, wanted: np.ndarray) -> np.ndarray:
        """Of each spectrum of the grid in each wanted one: [n, grid], rows with sum 1."""
        known = self._known
        each = np.eye(len(known), dtype=np.float32)
        if known.shape[1] == 0:
            return np.ones((len(wanted), 1), np.float32)
        if known.shape[1] == 1:
            order = np.argsort(known[:, 0])
            return np.column_stack([np.interp(wanted[:, 0], known[order, 0], row[order]) for row in each])
        found = self._linear(wanted)
        hole = ~np.isfinite(found).all(axis=1)
        if hole.any():
            found[hole] = NearestNDInterpolator(known, each)(wanted[hole])
        return found


def read_shapes(path: str | Path | None, kind: str, settings: Mapping) -> TheoryShapes:
    """Shapes of a class from a theory grid of any known form.

    Parameters
    ----------
    path : path or None
        See `mstars.templates.theory_formats.read_theory_grid`.
    kind : {"dM", "gM"}
    settings : mapping
        Section ``engines.laspm.golden.theory``.

    Raises
    ------
    InputError
        No grid is given, or it is not usable; the message names the key.
    """
    key = f"engines.laspm.golden.theory.{kind}"
    if not path:
        raise InputError(f"{key}: give a theory grid, or set engines.laspm.golden.clusters.recalibrate: median")
    try:
        grid = read_theory_grid(
            path, medium=settings["medium"], native=settings["resolution"], wavelength=GRID.wavelength
        )
        return TheoryShapes.of(grid)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None


def shapes_by_kind(paths: Sequence[str], settings: Mapping) -> dict[str, TheoryShapes]:
    """Shapes of dwarfs and giants; nothing where ``settings`` do not recalibrate to theory.

    Parameters
    ----------
    paths : sequence of str
        A theory grid of dwarfs, and one of giants; empty where none are used.
    settings : mapping
        Section ``engines.laspm.golden``.
    """
    if settings["clusters"]["recalibrate"] != "theory":
        return {}
    given = list(paths) or [None] * len(LUMINOSITY_CLASSES)
    return {
        kind: read_shapes(path, kind, settings["theory"]) for kind, path in zip(LUMINOSITY_CLASSES, given, strict=True)
    }


def brought_to_theory(
    spectra: SampleSpectra, labels: np.ndarray, shapes: TheoryShapes | None, order: int
) -> SampleSpectra:
    """Spectra with the broad shape that theory gives at their labels: multiplied by a polynomial.

    The labels are those of the catalogues. They are never fitted anew to the recalibrated spectra: that would move the
    bands towards the labels.

    Parameters
    ----------
    spectra : SampleSpectra
        n spectra.
    labels : ndarray, [n, 3]
    shapes : TheoryShapes or None
        None: the spectra stay as they are.
    order : int
        Degree of the polynomial.
    """
    if shapes is None or not len(spectra):
        return spectra
    far = shapes.beyond(labels).sum()
    if far:
        logger.warning("WARNING: %d of %d stars lie beyond the theory grid: they get its edge", far, len(labels))
    parts = []
    for start in range(0, len(spectra), _CHUNK):
        rows = slice(start, start + _CHUNK)
        parts.append(recalibrated(spectra.take(rows), shapes.at(labels[rows]), order))
    return SampleSpectra(*(np.concatenate([getattr(part, name) for part in parts]) for name in SampleSpectra.ARRAYS))
