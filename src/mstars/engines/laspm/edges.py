"""What is left of a target beside its combination: chi2, and where the labels lie beyond the library."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mstars.engines.laspm.library import Library, coordinate
from mstars.engines.laspm.match import Matched, MatchOptions, weights_of

_CHUNK = 64


@dataclass
class LabelSlopes:
    """Flux of a library as a quadratic function of its labels.

    Attributes
    ----------
    centre, scale : ndarray, [label]
        Of the labels.
    linear : ndarray of float32, [label, pixel]
    square : ndarray of float32, [label, label, pixel]
        Symmetric.
    """

    centre: np.ndarray
    scale: np.ndarray
    linear: np.ndarray
    square: np.ndarray

    def at(self, labels: np.ndarray) -> np.ndarray:
        """Change of the flux with each scaled label at some labels: [n, label, pixel]."""
        scaled = ((labels - self.centre) / self.scale).astype(np.float32)
        return self.linear + 2 * np.einsum("nl,lkp->nkp", scaled, self.square)


def fit_slopes(flux: np.ndarray, labels: np.ndarray) -> tuple[LabelSlopes, np.ndarray]:
    """Least squares pixel by pixel, with a small ridge, so that few spectra are enough.

    Parameters
    ----------
    flux : ndarray, [n, pixel]
    labels : ndarray, [n, label]

    Returns
    -------
    slopes : LabelSlopes
    constant : ndarray of float32, [pixel]
        Flux at the centre of the labels.
    """
    centre, scale = labels.mean(axis=0), np.maximum(labels.std(axis=0), 1e-9)
    scaled, count = (labels - centre) / scale, labels.shape[1]
    upper = np.triu_indices(count)
    design = np.concatenate([np.ones((len(scaled), 1)), scaled, scaled[:, upper[0]] * scaled[:, upper[1]]], axis=1)
    normal = design.T @ design
    normal[np.diag_indices(len(normal))] += 1e-3 * len(labels) * (np.arange(len(normal)) > 0)
    found = np.linalg.solve(normal, (design.astype(np.float32).T @ flux).astype(float))
    square = np.zeros((count, count, flux.shape[1]), np.float32)
    square[upper] = found[1 + count :]
    square = (square + square.transpose(1, 0, 2)) / 2
    return LabelSlopes(centre, scale, found[1 : 1 + count].astype(np.float32), square), found[0].astype(np.float32)


@dataclass
class Rest:
    """What the residuals of n combinations say.

    Attributes
    ----------
    chi2 : ndarray, [n]
        With the noise of the target and of the combination. NaN where nothing was found.
    step, error : ndarray, [n, label]
        How far the residual would move the labels, by one step of least squares, with its error, which is enlarged
        where chi2 is above its degrees of freedom. K and dex; 0 and infinity where nothing was found.
    """

    chi2: np.ndarray
    step: np.ndarray
    error: np.ndarray


def rest_of(
    library: Library,
    slopes: LabelSlopes,
    flux: np.ndarray,
    ivar: np.ndarray,
    values: np.ndarray,
    found: Matched,
    options: MatchOptions,
) -> Rest:
    """Residuals of combinations.

    Parameters
    ----------
    library, slopes : Library, LabelSlopes
    flux, ivar : ndarray of float32, [n, pixel]
    values : ndarray, [n, label]
        Labels of the combinations.
    found : Matched
    options : MatchOptions

    Returns
    -------
    Rest
    """
    result = Rest(np.full(len(values), np.nan), np.zeros(values.shape), np.full(values.shape, np.inf))
    known = np.flatnonzero(np.isfinite(found.chi2))
    for start in range(0, len(known), _CHUNK):
        rows = known[start : start + _CHUNK]
        _rest_of_chunk(result, rows, library, slopes, flux[rows], ivar[rows], values[rows], found, options)
    return result


def _rest_of_chunk(result, rows, library, slopes, flux, ivar, values, found, options) -> None:
    powers = coordinate(flux.shape[1]) ** np.arange(options.polynomial + 1)[:, None]
    share, best = found.weight[rows], found.best[rows]
    root = np.sqrt(weights_of(np.asarray(ivar), library, options))
    model = np.einsum("nb,nbp->np", share.astype(np.float32), library.flux[best])
    shape = (model * root)[:, None] * powers.astype(np.float32)
    polynomial = (_least_squares(shape, flux * root)[0] @ powers).astype(np.float32)
    rest = flux - model * polynomial
    level = np.einsum("nb,nb->n", share**2, library.level[best]) if options.library_noise != "none" else 0 * share[:, 0]
    variance = polynomial**2 * level[:, None].astype(np.float32) * library.noise
    result.chi2[rows] = np.sum(np.where(ivar > 0, ivar / (1 + ivar * variance), 0) * rest.astype(float) ** 2, axis=1)
    change = slopes.at(values) * (polynomial * root)[:, None]
    solved, inverse = _least_squares(np.concatenate([change, shape], axis=1), rest * root)
    count = values.shape[1]
    worse = np.maximum(found.chi2[rows] / np.maximum(found.pixels[rows] - shape.shape[1], 1), 1)[:, None]
    result.step[rows] = solved[:, :count] * slopes.scale
    result.error[rows] = np.sqrt(np.einsum("nkk->nk", inverse)[:, :count] * worse) * slopes.scale


def _least_squares(design: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solutions [n, k] and covariances [n, k, k] of weighted systems: design [n, k, pixel], target [n, pixel]."""
    normal = (design @ design.transpose(0, 2, 1)).astype(float)
    inverse = np.linalg.pinv(normal, rcond=1e-7, hermitian=True)
    return np.einsum("nkj,nj->nk", inverse, (design @ target[:, :, None])[:, :, 0].astype(float)), inverse
