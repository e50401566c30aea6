"""What the combined estimate learns from labelled stars: scales, covariances, and what is a contradiction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.engines.combined.combine import Mean, combine
from mstars.engines.combined.covariance import Covariance, fit_covariance
from mstars.engines.combined.members import Members
from mstars.engines.registry import engine_info
from mstars.parameters.scales import ScaleMap, fit_scale, to_scale

_LEAST_SHARE = 0.1
"""Of the variance of a mean that is left at least when the labels' is taken out."""


@dataclass
class LabelFit:
    """One label of one class.

    Attributes
    ----------
    members : list of int
        Numbers of the engines that are used.
    seen, new : Covariance
        Of models that have not seen a labelled star, and of the means of ensembles for a new star.
    offsets : ndarray, [members]
        Median residuals of the engines on APOGEE's scale, which are taken off.
    limits : ndarray, [members + 1]
        chi2 above which engines contradict each other, by degrees of freedom.
    label_error : float
        What the labels are off by. It is in all residuals alike, so the covariances hold it and the weights don't feel
        it; the error of the mean is without it.
    """

    members: list[int]
    seen: Covariance
    new: Covariance
    offsets: np.ndarray
    limits: np.ndarray
    label_error: float = 0.0


@dataclass
class Fit:
    """All labels of a class.

    Attributes
    ----------
    names : tuple of str
    maps : dict of str to ScaleMap
        Of the engines that are on another scale.
    labels : dict of str to LabelFit
    left_out : dict of str to str
        Why an engine or a label is not used.
    """

    names: tuple[str, ...]
    maps: dict[str, ScaleMap]
    labels: dict[str, LabelFit]
    left_out: dict[str, str]


def fit_members(
    members: Members,
    labelled: pd.DataFrame,
    scales: Mapping[str, str],
    scale: str,
    settings: Mapping,
    label_errors: Mapping[str, float] | None = None,
) -> Fit:
    """Learn from labelled stars.

    Parameters
    ----------
    members : Members
        Of n labelled spectra, by models that have not seen them.
    labelled : pandas.DataFrame, [n]
        snri and the labels.
    scales : mapping of str to str
        Whose numbers each engine gives.
    scale : str
        Whose the labels are.
    settings : mapping
        ``contradiction`` and ``least_common``.
    label_errors : mapping, optional
        What the labels are off by; 0 where it is not given.
    """
    truth = {label: labelled[label].to_numpy(dtype=float) for label in LABELS}
    maps, left_out = {}, {}
    for column, name in enumerate(members.names):
        if scales[name] != scale:
            ours = {label: members.values[label][:, column] for label in LABELS}
            maps[name] = fit_scale(ours, truth, predict=True)
    snr, fits = labelled["snri"].to_numpy(dtype=float), {}
    values = mapped_values(members, maps)
    for label in LABELS:
        residual = values[label] - truth[label][:, None]
        common = np.isfinite(residual).sum(axis=0)
        used = [int(column) for column in np.flatnonzero(common >= settings["least_common"])]
        for column, name in enumerate(members.names):
            if column not in used and label in engine_info(name).labels:
                many = f"{common[column]} labelled stars in common, at least {settings['least_common']} are needed"
                left_out[f"{name} {label}"] = many
        if used:
            fits[label] = _fit_label(residual[:, used], snr, members.spread[label][:, used], used, settings)
            fits[label].label_error = (label_errors or {}).get(label, 0.0)
        else:
            left_out[label] = "no engine has enough labelled stars"
    return Fit(members.names, maps, fits, left_out)


def mapped_values(members: Members, maps: Mapping[str, ScaleMap]) -> dict[str, np.ndarray]:
    """Values of all engines on the labels' scale, [n, k] by label."""
    found = {label: array.copy() for label, array in members.values.items()}
    for column, name in enumerate(members.names):
        if name in maps:
            ours = {label: members.values[label][:, column] for label in LABELS}
            there, _ = to_scale(maps[name], ours, dict.fromkeys(LABELS, np.zeros(len(members.flag))))
            for label in LABELS:
                found[label][:, column] = there.get(label, np.nan)
    return found


def _fit_label(residual: np.ndarray, snr: np.ndarray, spread: np.ndarray, used: list[int], settings) -> LabelFit:
    offsets = np.nanmedian(residual, axis=0)
    centred = residual - offsets
    least = settings["least_common"]
    seen = fit_covariance(centred, snr, least=least)
    new = fit_covariance(centred, snr, spread, least=least) if (spread > 0).any() else seen
    found = combine(centred, np.isfinite(centred), snr, seen, np.full(len(used) + 1, np.inf))
    limits = _limits(found, np.isfinite(centred).sum(axis=1) - 1, len(used), settings["contradiction"])
    return LabelFit(used, seen, new, offsets, limits)


def _limits(found: Mean, freedom: np.ndarray, most: int, share: float) -> np.ndarray:
    """chi2 that labelled stars exceed with this probability.

    The chi2 distribution, stretched to the labelled stars' median and to their 99th percentile: engines fail on single
    stars, so that the tail is longer than the middle says.
    """
    from scipy.stats import chi2 as distribution

    limits = np.full(most + 1, np.inf)
    for degrees in range(1, most):
        own = (found.chi2 * degrees)[freedom == degrees]
        own, stretch = own[np.isfinite(own)], 1.0
        for level, least in ((0.5, 30), (0.99, 300)):
            if len(own) >= least:
                stretch = max(stretch, np.quantile(own, level) / distribution.ppf(level, degrees))
        limits[degrees] = stretch * distribution.isf(share, degrees)
    return limits


def combined(fit: Fit, members: Members, snr: np.ndarray, *, seen: bool = False) -> dict[str, Mean]:
    """The combined estimate of n spectra of a class, by label.

    Parameters
    ----------
    fit : Fit
    members : Members
        With the engines of ``fit``, in its order.
    snr : ndarray, [n]
        S/N_i.
    seen : bool
        Whether the values are of models that have not seen labelled stars, rather than of whole ensembles.
    """
    values, result = mapped_values(members, fit.maps), {}
    for label, one in fit.labels.items():
        own = values[label][:, one.members] - one.offsets
        result[label] = combine(own, np.isfinite(own), snr, one.seen if seen else one.new, one.limits)
        square = result[label].error ** 2
        result[label].error = np.sqrt(np.maximum(square - one.label_error**2, _LEAST_SHARE * square))
    return result


def cross_fitted(
    members: Members,
    labelled: pd.DataFrame,
    scales: Mapping[str, str],
    scale: str,
    settings: Mapping,
    label_errors: Mapping[str, float] | None = None,
) -> dict[str, Mean]:
    """The combined estimate of labelled stars, each by a fit to the other folds' stars.

    Parameters
    ----------
    members, labelled, scales, scale, settings, label_errors
        As for `fit_members`; ``labelled`` has fold too.
    """
    n, fold = len(labelled), labelled["fold"].to_numpy(dtype=int)
    blank = {"value": np.nan, "error": np.nan, "chi2": np.nan, "count": 0, "left_out": -1, "contradicted": False}
    result = {label: Mean(**{name: np.full(n, value) for name, value in blank.items()}) for label in LABELS}
    for number in np.unique(fold):
        rows = np.flatnonzero(fold == number)
        others = labelled[fold != number]
        fit = fit_members(members.take(fold != number), others, scales, scale, settings, label_errors)
        snr = labelled["snri"].to_numpy(dtype=float)[rows]
        for label, part in combined(fit, members.take(rows), snr, seen=True).items():
            for name in blank:
                getattr(result[label], name)[rows] = getattr(part, name)
    return result
