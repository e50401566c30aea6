"""The combined estimate as an engine: its labelled stars, its model folder, and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.engines.base import BaseEngine, empty_estimates, put_estimates
from mstars.engines.batch import catalogue_flags, estimates_table, outside_training_labels, simulation_trained
from mstars.engines.combined.combine import Mean
from mstars.engines.combined.contradiction import Frame
from mstars.engines.combined.covariance import Covariance
from mstars.engines.combined.fit import Fit, LabelFit, combined, cross_fitted, fit_members
from mstars.engines.combined.info import INFO
from mstars.engines.combined.label_errors import label_error
from mstars.engines.combined.members import Members, collect_members
from mstars.engines.contract import EngineInput, Estimates, check_estimates
from mstars.engines.folder import read_model, write_model
from mstars.engines.registry import engine_info
from mstars.parameters.calibration import quoted_errors
from mstars.parameters.scales import ScaleMap
from mstars.spectra.container import SpectrumSet


class Model:
    """A fit with what it was made from.

    Attributes
    ----------
    fit : Fit
    about : dict
        trained_on, label_min, label_max, members, left_out.
    """

    def __init__(self, fit: Fit, about: dict):
        self.fit, self.about = fit, about


class CombinedEngine(BaseEngine):
    """The protocol of an engine, as far as one that sees no spectra has it."""

    info = INFO

    def prepare(self, spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
        """Refuse: it combines tables of other engines.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError("engine combined has no spectra: it combines the tables of other engines (parameters.also)")

    def load(self, folders: Sequence[Path], *, kind: str, settings: Mapping, gpus: int = 0) -> Model:
        """A model folder of `write_fit`."""
        if len(folders) != 1:
            raise InputError(f"engine combined has one model a class, found {len(folders)} folders")
        stored = read_model(folders[0], INFO, kind=kind, grid=INFO.grid)
        about, arrays = stored.about, stored.arrays
        labels = {}
        for label, used in about["used"].items():
            terms = {name: arrays[f"{label}_{name}"] for name in _TERMS}
            seen, new, compared = (
                Covariance(terms[f"{which}_constant"], terms[f"{which}_noise"], tuple(terms["snr"]))
                for which in _COVARIANCES
            )
            more = (terms["offsets"], compared, terms["response"], terms["limits"], about["label_errors"][label])
            labels[label] = LabelFit(list(used), seen, new, *more)
        maps = {name: ScaleMap.from_dict(one) for name, one in about["maps"].items()}
        return Model(Fit(tuple(about["members"]), maps, labels, about["left_out"], Frame(*arrays["frame"])), about)


ENGINE = CombinedEngine()
_COVARIANCES = ("seen", "new", "compared")
_PARTS = tuple(f"{which}_{part}" for which in _COVARIANCES for part in ("constant", "noise"))
_TERMS = (*_PARTS, "snr", "offsets", "response", "limits")


def write_fit(folder: Path, fit: Fit, labelled: pd.DataFrame, *, kind: str, about: Mapping) -> None:
    """Write the model folder of a fit.

    Parameters
    ----------
    folder : Path
    fit : Fit
    labelled : pandas.DataFrame
        The training set.
    kind : {"dM", "gM"}
    about : mapping
        trained_on, survey, training_set.
    """
    frame = fit.frame
    arrays = {"frame": np.stack([frame.middle, frame.width, frame.low, frame.high])}
    for label, one in fit.labels.items():
        parts = [part for own in (one.seen, one.new, one.compared) for part in (own.constant, own.noise)]
        own = (*parts, np.array(one.seen.snr), one.offsets, one.response, one.limits)
        arrays |= {f"{label}_{name}": array for name, array in zip(_TERMS, own, strict=True)}
    limits = ENGINE.label_limits(labelled, "all")
    more = {
        "members": list(fit.names),
        "used": {label: one.members for label, one in fit.labels.items()},
        "maps": {name: one.as_dict() for name, one in fit.maps.items()},
        "left_out": fit.left_out,
        "label_errors": {label: one.label_error for label, one in fit.labels.items()},
    }
    history = _history(fit)
    write_model(
        folder, INFO, arrays, kind=kind, part="all", grid=INFO.grid, about={**about, **limits, **more}, history=history
    )  # fmt: skip


def _history(fit: Fit) -> pd.DataFrame:
    """Errors of each engine and the weights at three S/N: for people."""
    rows = []
    for label, one in fit.labels.items():
        for snr in (10.0, 30.0, 100.0):
            matrix = one.new.at(np.array([snr]))[0]
            names = [fit.names[column] for column in one.members]
            rows += [
                {"label": label, "engine": name, "snri": snr, "error": np.sqrt(matrix[row, row])}
                for row, name in enumerate(names)
            ]
    return pd.DataFrame(rows, columns=["label", "engine", "snri", "error"])


def fit_kind(
    tables: Mapping[str, pd.DataFrame],
    labelled: pd.DataFrame,
    spectra: pd.DataFrame,
    calibrations: Mapping[str, Mapping],
    *,
    kind: str,
    settings: Mapping,
) -> tuple[Fit, pd.DataFrame]:
    """Fit a class, and combine its labelled stars by fits that have not seen them.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        parameters/{engine} of the engines that have this class.
    labelled : pandas.DataFrame
        The training set.
    spectra : pandas.DataFrame
        spectrum_key, missing_arm and snri of all spectra.
    calibrations : mapping
        Of `mstars.engines.calibration.calibrate_kind` by engine. Those of engines on the labels' scale say what the
        labels are off by (`mstars.engines.combined.label_errors`).
    kind : {"dM", "gM"}
    settings : mapping

    Returns
    -------
    fit : Fit
    held_out : pandas.DataFrame
        As `mstars.engines.batch.held_out_table` makes it.
    """
    keys = labelled[["spectrum_key"]].merge(spectra[["spectrum_key", "missing_arm"]], on="spectrum_key", how="left")
    members = collect_members(tables, keys, kind, held_out=spectra)
    scales = {name: engine_info(name).scale for name in tables}
    fit = fit_members(members, labelled, scales, INFO.scale, settings)
    own_errors = _label_errors(fit, labelled, {n: calibrations.get(n, {}) for n in tables if scales[n] == INFO.scale})
    label_errors = {label: one.label_error for label, one in fit.labels.items()}
    snr = labelled["snri"].to_numpy(dtype=float)
    own = cross_fitted(members, labelled, scales, INFO.scale, settings, label_errors)
    whole = combined(fit, collect_members(tables, keys, kind), snr)
    table = labelled[["spectrum_key", "star_id", "fold", "snri"]].reset_index(drop=True)
    for label in LABELS:
        table[f"{label}_true"] = labelled[label].to_numpy(dtype=float)
        table[f"{label}_label_err"] = labelled[f"{label}_label_err"].to_numpy(dtype=float)
        table[f"{label}_label_known"] = own_errors[label]
        table[f"{label}_oof"], table[f"{label}_spread"] = own[label].value, own[label].error
        table[f"{label}_mean"] = whole[label].value if label in whole else np.nan
    return fit, table


def _label_errors(fit: Fit, labelled: pd.DataFrame, calibrations: Mapping[str, Mapping]) -> dict[str, np.ndarray]:
    """What each star's labels are off by, [n] by label: in proportion to what is quoted. The fit gets the median."""
    errors = {}
    for label in LABELS:
        quoted, found = quoted_errors(labelled[f"{label}_label_err"].to_numpy(dtype=float)), 0.0
        if (one := fit.labels.get(label)) is not None:
            said = [calibrations.get(fit.names[column], {}).get(label) for column in one.members]
            found = one.label_error = label_error(said, one.seen)
        errors[label] = found * quoted / max(float(np.median(quoted)), 1e-12)
    return errors


def combine_batch(
    models: Mapping[str, Model],
    tables: Mapping[str, pd.DataFrame],
    catalog: pd.DataFrame,
    *,
    settings: Mapping,
    survey_kind: str,
) -> pd.DataFrame:
    """The table of a batch, as `mstars.engines.batch.predict_batch` makes it for other engines.

    Parameters
    ----------
    models : mapping of str to Model
        By class.
    tables : mapping of str to pandas.DataFrame
        Predictions of the batch by each engine.
    catalog : pandas.DataFrame
        m_catalog_v3 of the batch: spectrum_key, luminosity_class, rv, snri, the columns that ``settings["least_snr"]``
        names, and missing_arm.
    settings : mapping
    survey_kind : {"simulated", "files", "release"}

    Raises
    ------
    InputError
        An engine that a model was fitted with has no table.
    """
    n, kinds = len(catalog), catalog["luminosity_class"].to_numpy(dtype=str)
    estimates, filled, flag = empty_estimates(INFO, n), np.full(n, np.nan), catalogue_flags(INFO, catalog, settings)
    for kind in INFO.kinds:
        rows = np.flatnonzero(kinds == kind)
        if not len(rows):
            continue
        model, about = models[kind], catalog.iloc[rows]
        if missing := [name for name in model.fit.names if name not in tables]:
            raise InputError(f"models/combined_{kind} was fitted with {', '.join(missing)}; name it in parameters.also")
        members = collect_members({name: tables[name] for name in model.fit.names}, about, kind)
        part = _estimates(combined(model.fit, members, about["snri"].to_numpy(dtype=float)), len(rows), kind)
        put_estimates(estimates, rows, check_estimates(part, INFO, len(rows)))
        filled[rows] = np.fmin.reduce(members.filled, axis=1)
        flag[rows] |= EngineFlag.OUTSIDE_TRAINING_LABELS * outside_training_labels(model, part.values)
        flag[rows] |= EngineFlag.SIMULATION_TRAINED * _from_simulation(model, members, survey_kind)
    flag |= EngineFlag.INTERPOLATED * (filled > settings["filled_max"])
    flag |= EngineFlag.NO_PREDICTION * ~np.isfinite(estimates.values).all(axis=1)
    return estimates_table(INFO, catalog, estimates, filled, flag | estimates.flag)


def _estimates(found: Mapping[str, Mean], n: int, kind: str) -> Estimates:
    """Means of all labels as the contract wants them.

    Engines contradict each other only where their mean is within the ranges: the labelled stars, which say how far
    engines may differ, are there.
    """
    result = empty_estimates(INFO, n)
    total, freedom, none = np.zeros(n), np.zeros(n), np.ones(n, bool)
    contradicted, inside = np.zeros(n, bool), np.ones(n, bool)
    for label in LABELS:
        one = found.get(label)
        if one is None:
            continue
        column = INFO.labels.index(label)
        result.values[:, column], result.error[:, column] = one.value, one.error
        result.extra[f"{label}_engines"], result.extra[f"{label}_chi2"] = one.count.astype(float), one.chi2
        degrees = np.maximum(one.count + (one.left_out >= 0) - 1, 0)
        total, freedom = total + np.nan_to_num(one.chi2) * degrees, freedom + degrees
        contradicted |= one.contradicted
        low, high = INFO.ranges[kind][label]
        inside &= ~np.isfinite(one.value) | ((one.value >= low) & (one.value <= high))
        result.flag |= INFO.own_flags["one_left_out"] * (one.left_out >= 0)
        none &= one.count == 0
    result.flag |= INFO.own_flags["contradicted"] * (contradicted & inside)
    result.flag |= INFO.own_flags["no_valid_engine"] * none
    result.chi2[:] = np.where(freedom > 0, total / np.maximum(freedom, 1), np.nan)
    return result


def _from_simulation(model: Model, members: Members, survey_kind: str) -> np.ndarray:
    """Whether this or any engine's models are of simulated spectra, and the survey is real."""
    return simulation_trained(model, survey_kind) | ((members.flag & EngineFlag.SIMULATION_TRAINED) > 0).any(axis=1)
