"""Errors of LASPM: what repeats of a star scatter (Du et al. 2024, section 4.2), as a / (S/N) + b."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.parameters.precision import fit_precision, fit_scatter

LEAST_SNR = 1.0
"""Errors of spectra with a lower S/N, or none, are those of this one."""


def repeat_deviations(values: np.ndarray, star: np.ndarray) -> np.ndarray:
    """Eq. 1: root of N / (N - 1) times the difference of a spectrum's value and the mean of its star's N spectra.

    Parameters
    ----------
    values : ndarray, [n]
    star : ndarray of str, [n]

    Returns
    -------
    ndarray, [n]
        NaN where a star has one spectrum with a value.
    """
    own = pd.Series(np.asarray(values, dtype=float)).groupby(np.asarray(star))
    count, mean = own.transform("count").to_numpy(dtype=float), own.transform("mean").to_numpy()
    factor = np.sqrt(np.divide(count, count - 1, out=np.full(len(count), np.nan), where=count > 1))
    return factor * (np.asarray(values, dtype=float) - mean)


def star_pairs(star: np.ndarray, snr: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of independent pairs of spectra of a star: in order of S/N the first and second, the third and fourth, …"""
    order = np.lexsort((snr, star))
    number = pd.Series(np.asarray(star)[order]).groupby(np.asarray(star)[order]).cumcount().to_numpy()
    second = np.flatnonzero(number % 2 == 1)
    return order[second - 1], order[second]


def error_curves(
    labels: Sequence[str], values: np.ndarray, truth: np.ndarray, star: np.ndarray, snr: np.ndarray
) -> dict[str, dict]:
    """Error of each label as a function of S/N.

    Parameters
    ----------
    labels : sequence of str
    values, truth : ndarray, [n, label]
        Measured without the star's own library spectra, and the labels.
    star, snr : ndarray, [n]

    Returns
    -------
    dict
        By label a, b and ``of``: ``repeats``; with too few of them ``leave_one_out``, the scatter about the labels,
        which has the labels' errors in it; with too few spectra ``scatter``, their plain standard deviation.
    """
    first, second = star_pairs(star, snr)
    curves = {}
    for column, label in enumerate(labels):
        own, off = values[:, column], values[:, column] - truth[:, column]
        fit, of = fit_precision(snr[first], snr[second], own[first] - own[second]), "repeats"
        if not np.isfinite(fit["a"]):
            fit, of = fit_scatter(snr, off - np.nanmedian(off)), "leave_one_out"
        if not np.isfinite(fit["a"]):
            fit, of = {"a": 0.0, "b": float(np.nanstd(off))}, "scatter"
        curves[label] = {"a": float(fit["a"]), "b": float(fit["b"]), "of": of}
    return curves


def errors_at(curves: Mapping[str, Mapping], labels: Sequence[str], snr) -> np.ndarray:
    """Errors at these S/N_i: [n, label], K and dex."""
    snr = np.nan_to_num(np.asarray(snr, dtype=float), nan=LEAST_SNR)
    snr = np.maximum(snr, LEAST_SNR)
    return np.column_stack([curves[label]["a"] / snr + curves[label]["b"] for label in labels])


def without_themselves(parameters: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Parameters in which spectra of library stars have been measured without the library spectra of their star.

    A library spectrum matches itself: its parameters are its labels, and say nothing of the match.

    Parameters
    ----------
    parameters : pandas.DataFrame
        Of the engine: each label with ``_oof``.
    labels : sequence of str

    Returns
    -------
    pandas.DataFrame
        The same columns.
    """
    values = {
        label: parameters[f"{label}_oof"].where(parameters[f"{label}_oof"].notna(), parameters[label])
        for label in labels
    }
    return parameters.assign(**values)
