"""What the combined estimate learns from labelled stars: scales, covariances, and what is a contradiction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.engines.combined.combine import Mean, combine
from mstars.engines.combined.contradiction import TERMS, Frame, chi2_limits, fit_response
from mstars.engines.combined.covariance import Covariance, fit_covariance
from mstars.engines.combined.members import Members
from mstars.engines.registry import engine_info
from mstars.parameters.scales import ScaleMap, fit_scale, to_scale

OF_RESPONSE = ("teff", "m_h")
"""Labels that an engine's response depends on."""
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
    compared : Covariance
        Of models that have not seen a labelled star, less the response.
    response : ndarray, [members, 6]
        What each engine is off by for stars of these labels, by `Frame.terms`. It is taken off where engines are
        compared, and not from the mean.
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
    compared: Covariance
    response: np.ndarray
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
    frame : Frame
        Of the response.
    """

    names: tuple[str, ...]
    maps: dict[str, ScaleMap]
    labels: dict[str, LabelFit]
    left_out: dict[str, str]
    frame: Frame


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
    place = np.column_stack([truth[label] for label in OF_RESPONSE])
    frame = Frame.of(place)
    terms = frame.terms(place)
    for label in LABELS:
        residual = values[label] - truth[label][:, None]
        common = np.isfinite(residual).sum(axis=0)
        used = [int(column) for column in np.flatnonzero(common >= settings["least_common"])]
        for column, name in enumerate(members.names):
            if column not in used and label in engine_info(name).labels:
                many = f"{common[column]} labelled stars in common, at least {settings['least_common']} are needed"
                left_out[f"{name} {label}"] = many
        if used:
            spread = members.spread[label][:, used]
            fits[label] = _fit_label(residual[:, used], snr, spread, used, terms, settings)
            fits[label].label_error = (label_errors or {}).get(label, 0.0)
        else:
            left_out[label] = "no engine has enough labelled stars"
    fit = Fit(members.names, maps, fits, left_out, frame)
    _set_limits(fit, members, snr, settings["contradiction"])
    return fit


def _set_limits(fit: Fit, members: Members, snr: np.ndarray, share: float) -> None:
    """Limits of chi2 by how far engines differ on labelled stars."""
    chi2, most = {}, {}
    for label, one in combined(fit, members, snr).items():
        freedom = one.count - 1  # with infinite limits none is left out
        chi2[label], most[label] = (one.chi2 * freedom, freedom), len(fit.labels[label].members)
    for label, limits in chi2_limits(chi2, most, share).items():
        fit.labels[label].limits = limits


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


def _fit_label(residual, snr, spread, used: list[int], terms: np.ndarray, settings) -> LabelFit:
    offsets = np.nanmedian(residual, axis=0)
    centred = residual - offsets
    least = settings["least_common"]
    seen = fit_covariance(centred, snr, least=least)
    new = fit_covariance(centred, snr, spread, least=least) if (spread > 0).any() else seen
    response = fit_response(centred, terms) if len(used) > 1 else np.zeros((len(used), TERMS))
    compared = fit_covariance(centred - terms @ response.T, snr, least=least) if response.any() else seen
    return LabelFit(used, seen, new, offsets, compared, response, np.full(len(used) + 1, np.inf))


def combined(fit: Fit, members: Members, snr: np.ndarray) -> dict[str, Mean]:
    """The combined estimate of n spectra of a class, by label.

    Parameters
    ----------
    fit : Fit
    members : Members
        With the engines of ``fit``, in its order.
    snr : ndarray, [n]
        S/N_i.
    """
    values = mapped_values(members, fit.maps)
    own = {label: values[label][:, one.members] - one.offsets for label, one in fit.labels.items()}
    terms = fit.frame.terms(_place(fit, own, snr))
    result = {}
    for label, one in fit.labels.items():
        valid, compared = np.isfinite(own[label]), (own[label] - terms @ one.response.T, one.compared)
        more = {"compared": compared, "single": (members.single, one.seen)}
        result[label] = combine(own[label], valid, snr, one.new, one.limits, **more)
        square = result[label].error ** 2
        result[label].error = np.sqrt(np.maximum(square - one.label_error**2, _LEAST_SHARE * square))
    return result


def _place(fit: Fit, values: dict[str, np.ndarray], snr: np.ndarray) -> np.ndarray:
    """Teff and [M/H] by all engines, [n, 2]: NaN where there is none."""
    place = np.full((len(snr), len(OF_RESPONSE)), np.nan)
    for column, label in enumerate(OF_RESPONSE):
        if label in fit.labels:
            own, one = values[label], fit.labels[label]
            place[:, column] = combine(own, np.isfinite(own), snr, one.seen, np.full_like(one.limits, np.inf)).value
    return place


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
        for label, part in combined(fit, members.take(rows), snr).items():
            for name in blank:
                getattr(result[label], name)[rows] = getattr(part, name)
    return result
