"""Hyper-parameters of every pixel, by the least cross-validated squared error (Li et al. 2021, Eq. 1)."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mstars.engines.slam.forward import ForwardModel, Group, Scaling
from mstars.engines.slam.kernel import landmark_features
from mstars.engines.slam.progress import Progress
from mstars.engines.slam.svr import Options, Solver, fit_krr

LOG = logging.getLogger("mstars")
ROUGH, FINE = 120, 400
"""Iterations of a fit that only chooses, and of one that is kept."""
ROUGH_TOLERANCE, TOLERANCE = 2e-3, 2e-4
FINALISTS = 3


@dataclass
class Search:
    """What the search found.

    Attributes
    ----------
    triples : list of Options
        All that were tried.
    tried : ndarray of float64, [triple, tried pixel]
        CV-MSE of scaled fluxes (Eq. 1), with the weights of the training.
    finalists : list of int
        Triples that competed on all pixels.
    chosen : ndarray of int64, [pixel]
        Triple of each pixel.
    cv_mse : ndarray of float64, [pixel]
        CV-MSE with that triple, without weights.
    intrinsic : ndarray of float64, [pixel]
        The same less the noise of the spectra: see `intrinsic_variance`.
    """

    triples: list[Options]
    tried: np.ndarray
    finalists: list[int]
    chosen: np.ndarray
    cv_mse: np.ndarray
    intrinsic: np.ndarray


@dataclass(frozen=True)
class Sample:
    """Scaled training stars.

    Attributes
    ----------
    labels : ndarray of float64, [n, k]
    flux : ndarray of float32, [n, pixel]
        0 where not used.
    used : ndarray of bool, [n, pixel]
    weight : ndarray of float32, [n, pixel]
        What C is multiplied with (scikit-learn's sample_weight): 0 where not used.
    variance : ndarray of float32, [n, pixel]
        Of the noise; infinite where there is no information.
    fold : ndarray of int, [n]
        Of the cross-validation.
    """

    labels: np.ndarray
    flux: np.ndarray
    used: np.ndarray
    weight: np.ndarray
    variance: np.ndarray
    fold: np.ndarray

    @classmethod
    def of(cls, scaling: Scaling, labels, flux, ivar, fold, weights: str = "none") -> Sample:
        """Training stars with their scaling; ``weights`` as in the engine's settings."""
        used = np.asarray(ivar) > 0
        scaled = np.where(used, scaling.fluxes(np.asarray(flux)), 0).astype(np.float32)
        variance = scaling.variance(np.asarray(ivar))
        weight = noise_weights(variance) if weights == "noise" else used.astype(np.float32)
        return cls(scaling.labels(labels), scaled, used, weight, variance, np.asarray(fold))


def noise_weights(variance: np.ndarray) -> np.ndarray:
    """Weights of training spectra in each pixel: the root of 2 m / (m + v), v the noise's variance and m its median.

    The loss of the regression is linear, so that the weights of greatest likelihood go with one over the deviation.

    Parameters
    ----------
    variance : ndarray of float32, [n, pixel]
        Infinite where there is no information.

    Returns
    -------
    ndarray of float32, [n, pixel]
        Below 1.5; 1 at the median, 0 without information.
    """
    known = np.where(np.isfinite(variance), variance, np.nan)
    seen = np.isfinite(known).any(axis=0)
    middle = np.ones(variance.shape[1], np.float32)
    middle[seen] = np.nanmedian(known[:, seen], axis=0)
    return np.sqrt(2 * middle / (middle + variance)).astype(np.float32)


def grid_of(hyper: Mapping) -> list[Options]:
    """All triples of the settings ``C``, ``epsilon`` and ``gamma``; those of one gamma follow each other."""
    return [
        Options(*values)
        for gamma in hyper["gamma"]
        for values in itertools.product(hyper["C"], hyper["epsilon"], [gamma])
    ]


def search(
    sample: Sample, scaling: Scaling, settings: Mapping, *, checkpoint: Path | None = None, key: str = ""
) -> tuple[Search, list[ForwardModel]]:
    """Choose the triple of every pixel.

    All triples are tried on every ``every``-th pixel; the `FINALISTS` that together serve these best, on all.

    Parameters
    ----------
    sample : Sample
    scaling : Scaling
    settings : mapping
        The engine's: ``hyper``, ``landmarks``.
    checkpoint : Path, optional
        File that keeps what is done, for a search that is killed and begun again.
    key : str
        What the checkpoint must be of, beside what the sample tells.

    Returns
    -------
    Search
    models : list of ForwardModel
        For each fold of the cross-validation, the model that has not seen it.
    """
    hyper = settings["hyper"]
    triples, folds = grid_of(hyper), np.unique(sample.fold)
    rough = np.arange(0, sample.flux.shape[1], hyper["every"])
    done = Progress.open(checkpoint, _identity(key, sample, triples, settings))
    tried = done.array("tried", (len(triples), len(rough)))
    for number, (options, solver) in enumerate(_solvers(sample, triples, settings["landmarks"])):
        if np.isnan(tried[number]).any():
            residual, _ = _cross_validated(solver(), sample, options, rough, folds, fit=fitting(settings, rough=True))
            tried[number] = _mean_square(residual, sample.weight[:, rough])
            done.save()
            LOG.info(
                "search: %d of %d triples, %s, mean CV-MSE %.4f",
                number + 1,
                len(triples),
                options,
                tried[number].mean(),
            )
    finalists = best_together(tried, FINALISTS)
    every = np.arange(sample.flux.shape[1])
    best, chosen = np.full(len(every), np.inf), np.zeros(len(every), np.int64)
    residual = np.zeros_like(sample.flux)
    parts: dict[int, list] = {}
    final = [triples[number] for number in finalists]
    for number, (options, solver) in zip(finalists, _solvers(sample, final, settings["landmarks"]), strict=True):
        own = solver()
        found, fits = _cross_validated(own, sample, options, every, folds, fit=fitting(settings))
        mse = _mean_square(found, sample.weight)
        better = mse < best
        best[better], chosen[better], residual[:, better] = mse[better], number, found[:, better]
        parts[number] = [own.features, fits]
        LOG.info("search: %s on all pixels, mean CV-MSE %.4f, the best so far of %d", options, mse.mean(), better.sum())
    models = [_assembled(scaling, parts, chosen, place) for place in range(len(folds))]
    cv_mse = _mean_square(residual, sample.used)
    intrinsic = intrinsic_variance(residual, sample.variance, sample.used, cv_mse)
    done.remove()
    return Search(triples, tried, finalists, chosen, cv_mse, intrinsic), models


def _identity(key: str, sample: Sample, triples, settings: Mapping) -> str:
    """What a checkpoint must be of."""
    parts = (key, triples, np.unique(sample.fold), settings["hyper"]["every"], settings["landmarks"])
    weight = float(sample.weight.sum(dtype=float))
    return " ".join(map(str, (*parts, settings["model"], sample.flux.shape, f"{weight:.9g}")))


def _solvers(sample: Sample, triples, landmarks):
    """Each triple with a function that gives its solver; those of one gamma share it."""
    last: dict = {}

    def make(gamma):
        if gamma not in last:
            last.clear()
            last[gamma] = Solver(landmark_features(sample.labels, gamma, landmarks), sample.labels)
        return last[gamma]

    for options in triples:
        yield options, lambda options=options: make(options.gamma)


def fitting(settings: Mapping, *, rough: bool = False):
    """How pixels are fitted: a function of solver, target, weight, options and state, with the settings' model."""
    if settings["model"] == "krr":
        return lambda solver, target, weight, options, state: fit_krr(solver, target, weight > 0, options)
    iterations, tolerance = (ROUGH, ROUGH_TOLERANCE) if rough else (FINE, TOLERANCE)
    return lambda solver, target, weight, options, state: solver.fit(
        target, weight, options, iterations=iterations, tolerance=tolerance, state=state
    )


def _cross_validated(solver, sample: Sample, options, pixels, folds, *, fit):
    """Residuals of held-out stars [n, p], and weights and offset of each fold's fit."""
    target, weight = sample.flux[:, pixels], sample.weight[:, pixels]
    phi = solver.features.of(sample.labels)
    residual, fits = np.zeros(target.shape, np.float32), []
    state = np.zeros(target.shape, np.float32)
    for fold in folds:
        out = sample.fold == fold
        weights, offset = fit(solver, target, weight * ~out[:, None], options, state)
        residual[out] = target[out] - (phi[out] @ weights + offset)
        fits.append((weights, offset))
    return residual, fits


def _mean_square(residual, weight):
    """Eq. 1 for each pixel, with weights or a mask; 1, the spread itself, where none is used."""
    count = weight.sum(axis=0, dtype=float)
    total = (weight * np.square(np.where(weight > 0, residual, 0))).sum(axis=0, dtype=float)
    return np.where(count > 0, total / np.where(count > 0, count, 1), 1.0)


def best_together(tried: np.ndarray, count: int) -> list[int]:
    """Triples that together leave the least error, one after the other.

    Parameters
    ----------
    tried : ndarray, [triple, pixel]
        CV-MSE.
    count : int

    Returns
    -------
    list of int
        Ascending. The first has the least mean of ln CV-MSE; each next lowers it most, each pixel with its best.
    """
    log = np.log(np.maximum(tried, 1e-12))
    chosen, least = [], np.full(log.shape[1], np.inf)
    for _ in range(min(count, len(log))):
        gain = np.minimum(log, least).mean(axis=1)
        gain[chosen] = np.inf
        chosen.append(int(np.argmin(gain)))
        least = np.minimum(least, log[chosen[-1]])
    return sorted(chosen)


def _assembled(scaling: Scaling, parts, chosen, place) -> ForwardModel:
    """The model of a fold: each pixel with its triple, those of one kernel together."""
    groups = []
    for gamma in sorted({features.gamma for features, _ in parts.values()}):
        own = [number for number, (features, _) in parts.items() if features.gamma == gamma]
        pixels = np.flatnonzero(np.isin(chosen, own))
        if not len(pixels):
            continue
        features = parts[own[0]][0]
        weights, offset = np.empty((len(features), len(pixels))), np.empty(len(pixels))
        for number in own:
            inside = chosen[pixels] == number
            fit = parts[number][1][place]
            weights[:, inside], offset[inside] = fit[0][:, pixels[inside]], fit[1][pixels[inside]]
        groups.append(Group(features, pixels, weights, offset))
    return ForwardModel(scaling, tuple(groups))


def intrinsic_variance(residual, variance, used, cv_mse, floor: float = 0.02) -> np.ndarray:
    """What the residuals of held-out stars have beyond the noise of their spectra, for each pixel.

    CV-MSE holds the noise of the training spectra, so that a fit with it takes bright stars for noisier than they are.
    This is the variance s of greatest likelihood for residuals of the variance noise + s each.

    Parameters
    ----------
    residual : ndarray of float32, [n, pixel]
        Scaled.
    variance : ndarray of float32, [n, pixel]
        Of the noise.
    used : ndarray of bool, [n, pixel]
    cv_mse : ndarray of float64, [pixel]
    floor : float
        The least, as a share of CV-MSE.

    Returns
    -------
    ndarray of float64, [pixel]
    """
    noise = np.where(used, variance, np.inf)
    square = np.where(used, residual, 0).astype(np.float32) ** 2
    found = cv_mse.copy()
    for _ in range(25):
        weight = 1 / np.square(noise + found)
        total = weight.sum(axis=0)
        excess = (weight * (square - np.where(used, noise, 0))).sum(axis=0)
        found = np.clip(np.where(total > 0, excess / np.where(total > 0, total, 1), cv_mse), floor * cv_mse, None)
    return found
