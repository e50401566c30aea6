"""What simpler models reach on the same spectra and folds: ridge regression on principal components, and a quadratic
model of the flux in the labels (after the Cannon, Ness et al. 2015)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import uniform_filter1d

from mstars.core.labels import LABELS
from mstars.core.robust import mad_std
from mstars.engines.ridge.regression import fit_ridge
from mstars.parameters.calibration import SNR_BINS

_CONTINUUM = 101


@dataclass
class _Scaler:
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray) -> _Scaler:
        return cls(y.mean(axis=0), np.maximum(y.std(axis=0), 1e-12))


def ridge(x: np.ndarray, y: np.ndarray, x_new: np.ndarray) -> np.ndarray:
    """Labels of new spectra by the engine ridge: [m, label]. Training spectra and labels are ``x`` and ``y``."""
    model = fit_ridge(x, y)
    return model.predict(model.scores(x_new))


def quadratic(x: np.ndarray, y: np.ndarray, x_new: np.ndarray, iterations: int = 12) -> np.ndarray:
    """Flux of each pixel as a quadratic polynomial of the scaled labels; labels of new spectra by least squares.

    A running mean over 101 pixels is taken out first: the Cannon has normalised spectra, and dust and the flux
    calibration would otherwise go into the labels (Teff of simulated dwarfs at S/N_i > 50: 59 K for 81 K).
    The pixels are weighted by the scatter that the polynomial leaves; a Gauss-Newton search starts at the training
    set's mean and stays within four of its standard deviations. No noise of single spectra is used, as the network
    has none either.

    Parameters
    ----------
    x, y : ndarray, [n, pixel] and [n, label]
        Training spectra and labels.
    x_new : ndarray, [m, pixel]

    Returns
    -------
    ndarray, [m, label]
    """
    scaler = _Scaler.of(y)
    scaled = (y - scaler.mean) / scaler.scale
    design = _terms(scaled)
    x, x_new = _without_continuum(x), _without_continuum(x_new)
    theta = np.linalg.solve(design.T @ design + 1e-3 * np.eye(design.shape[1]), design.T @ x)
    weight = 1.0 / ((x - design @ theta).var(axis=0) + 1e-6)
    product = (theta * weight) @ theta.T
    projected = x_new @ (theta * weight).T
    labels = np.zeros((len(x_new), y.shape[1]))
    for _ in range(iterations):
        # all in the space of the terms: residual and Jacobian never need the pixels again
        slope = _slopes(labels)
        gradient = np.einsum("nlt,nt->nl", slope, projected - _terms(labels) @ product)
        curvature = np.einsum("nlt,tu,nmu->nlm", slope, product, slope) + 1e-6 * np.eye(y.shape[1])
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        labels = np.clip(labels + np.clip(step, -1, 1), -4, 4)
    return labels * scaler.scale + scaler.mean


def _without_continuum(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    return x - uniform_filter1d(x, min(_CONTINUUM, x.shape[1]), axis=1, mode="nearest")


def _pairs(count: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(count) for j in range(i, count)]


def _terms(labels: np.ndarray) -> np.ndarray:
    products = [labels[:, i] * labels[:, j] for i, j in _pairs(labels.shape[1])]
    return np.column_stack([np.ones(len(labels)), labels, *products])


def _slopes(labels: np.ndarray) -> np.ndarray:
    """Derivatives of `_terms` by each label, [n, label, term]."""
    n, count = labels.shape
    result = np.zeros((n, count, 1 + count + len(_pairs(count))))
    for label in range(count):
        result[:, label, 1 + label] = 1
    for term, (i, j) in enumerate(_pairs(count), start=1 + count):
        result[:, i, term] += labels[:, j]
        result[:, j, term] += labels[:, i]
    return result


BASELINES: dict[str, Callable] = {"ridge": ridge, "quadratic": quadratic}


def compare_baselines(x: np.ndarray, table: pd.DataFrame, cnn: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Out-of-fold residuals of every model on the network's folds, and those of the network's ensemble.

    Parameters
    ----------
    x : ndarray, [n, pixel]
        Inputs in the order of ``table``.
    table : pandas.DataFrame
        The training set: labels, fold, snri.
    cnn : pandas.DataFrame
        `out_of_fold` of the networks, in the same order.
    kind : str

    Returns
    -------
    pandas.DataFrame
        class, model, label, snr_i (bin), n, bias (median), sigma (robust) of predicted - APOGEE.
    """
    truth, fold = table[list(LABELS)].to_numpy(dtype=float), table["fold"].to_numpy(dtype=int)
    columns = {"cnn": "oof", "cnn_ensemble": "mean"}
    predicted = {
        name: cnn[[f"{label}_{end}" for label in LABELS]].to_numpy(dtype=float) for name, end in columns.items()
    }
    for name, model in BASELINES.items():
        predicted[name] = np.full(truth.shape, np.nan)
        for number in np.unique(fold):
            new = fold == number
            predicted[name][new] = model(x[~new], truth[~new], x[new])
    rows = []
    for name, values in predicted.items():
        for column, label in enumerate(LABELS):
            residual = values[:, column] - truth[:, column]
            for interval, (low, high) in SNR_BINS.items():
                inside = residual[((table["snri"] > low) & (table["snri"] <= high)).to_numpy()]
                inside = inside[np.isfinite(inside)]
                bias = float(np.median(inside)) if len(inside) else np.nan
                row = {"class": kind, "model": name, "label": label, "snr_i": interval, "n": len(inside)}
                rows.append(row | {"bias": bias, "sigma": mad_std(inside)})
    return pd.DataFrame(rows)
