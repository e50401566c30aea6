"""What is the same for every engine: predictions of one batch, predictions of the labelled stars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.engines.base import empty_estimates, put_estimates
from mstars.engines.contract import Engine, EngineInfo, EngineInput, Estimates, check_estimates
from mstars.files.stores import iter_batch
from mstars.spectra.container import SpectrumSet


def simulation_trained(model: Any, survey_kind: str) -> bool:
    """Whether a model of simulated spectra meets a real survey: its parameters are not to be recommended."""
    return survey_kind != "simulated" and model.about.get("trained_on") == "simulated"


def load_kinds(engine: Engine, folders: Iterable[Path], *, settings: Mapping, gpus: int = 0) -> dict[str, Any]:
    """The model of each of the engine's classes.

    Parameters
    ----------
    engine : Engine
    folders : iterable of path
        The folders of the predicting parts of all classes: ``{stem}_{kind}/{part}``.
    settings : mapping
        The engine's.
    gpus : int
        GPUs that the job asked for.
    """
    own: dict[str, list[Path]] = {f"{engine.info.stem}_{kind}": [] for kind in engine.info.kinds}
    for folder in folders:
        own[folder.parent.name].append(folder)
    return {
        kind: engine.load(own[f"{engine.info.stem}_{kind}"], kind=kind, settings=settings, gpus=gpus)
        for kind in engine.info.kinds
    }


def predict_batch(
    engine: Engine,
    models: Mapping[str, Any],
    store: str | Path,
    catalog: pd.DataFrame,
    *,
    settings: Mapping,
    survey_kind: str,
    chunk: int = 512,
) -> pd.DataFrame:
    """Parameters of a batch's M stars, each by the model of its class.

    Parameters
    ----------
    engine : Engine
    models : mapping
        A loaded model for each of the engine's kinds.
    store : path
        The batch's spectra.
    catalog : pandas.DataFrame
        m_catalog_v3 of the batch: spectrum_key, luminosity_class, rv (km/s; NaN: the spectrum stays unshifted), snri
        and the S/N columns that ``settings["least_snr"]`` names.
    settings : mapping
        The engine's.
    survey_kind : {"simulated", "files", "release"}
    chunk : int
        Spectra in memory at a time.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, luminosity_class, the engine's labels with ``_err``, filled_share, flag (`EngineFlag`), chi2 where
        the engine gives one, and its extra columns; in the store's order. A spectrum of a class that the engine has no
        model for has the flag ``other_class``.
    """
    wanted = catalog.set_index("spectrum_key")
    parts = []
    for spectra in iter_batch(store, chunk):
        spectra = spectra.having(wanted.index)
        if len(spectra):
            about = wanted.loc[spectra.spectrum_key.astype(str)].rename_axis("spectrum_key").reset_index()
            parts.append(predict_spectra(engine, models, spectra, about, settings, survey_kind))
    if not parts:
        nothing = pd.DataFrame({"spectrum_key": np.empty(0, str), "luminosity_class": np.empty(0, str)})
        parts = [estimates_table(engine.info, nothing, empty_estimates(engine.info, 0), np.empty(0), np.empty(0, int))]
    return pd.concat(parts, ignore_index=True)


def predict_spectra(
    engine: Engine, models: Mapping[str, Any], spectra: SpectrumSet, about: pd.DataFrame, settings, survey_kind: str
) -> pd.DataFrame:
    """The table of `predict_batch` for spectra in memory.

    Parameters
    ----------
    engine, models, settings, survey_kind
        As for `predict_batch`.
    spectra : SpectrumSet
        n spectra in the observed frame.
    about : pandas.DataFrame
        n rows in the same order, as the ``catalog`` of `predict_batch`.
    """
    info, n = engine.info, len(spectra)
    rv, kinds = about["rv"].to_numpy(dtype=float), about["luminosity_class"].to_numpy(dtype=str)
    estimates, filled, flag = empty_estimates(info, n), np.full(n, np.nan), catalogue_flags(info, about, settings)
    own = np.flatnonzero(np.isin(kinds, info.kinds))
    x = engine.prepare(spectra.select(own), rv[own], settings)
    filled[own] = x.filled
    for kind in info.kinds:
        inside = np.flatnonzero(kinds[own] == kind)
        rows = own[inside]
        if len(rows) == 0:
            continue
        model = models[kind]
        part = engine.predict(model, x.take(inside), about.iloc[rows].reset_index(drop=True))
        put_estimates(estimates, rows, check_estimates(part, info, len(rows)))
        flag[rows] |= EngineFlag.OUTSIDE_TRAINING_LABELS * outside_training_labels(model, part.values)
        flag[rows] |= int(EngineFlag.SIMULATION_TRAINED) * simulation_trained(model, survey_kind)
    flag |= EngineFlag.INTERPOLATED * (filled > settings["filled_max"])
    flag |= EngineFlag.NO_PREDICTION * ~np.isfinite(estimates.values).all(axis=1)
    return estimates_table(info, about, estimates, filled, flag | estimates.flag)


def catalogue_flags(info: EngineInfo, about: pd.DataFrame, settings: Mapping) -> np.ndarray:
    """Flags by what the catalogue says of n spectra: [n]."""
    flag = np.zeros(len(about), np.int64)
    flag |= EngineFlag.NO_RV * ~np.isfinite(about["rv"].to_numpy(dtype=float))
    for band, least in settings["least_snr"].items():
        flag |= EngineFlag.BELOW_SNR * ~(about[band].to_numpy(dtype=float) > least)
    flag |= EngineFlag.OTHER_CLASS * ~np.isin(about["luminosity_class"].to_numpy(dtype=str), info.kinds)
    return flag


def outside_training_labels(model: Any, values: np.ndarray) -> np.ndarray:
    """Whether a label lies outside those that the model was trained on: [n]; a label without a number does not."""
    lower, upper = model.about.get("label_min"), model.about.get("label_max")
    if lower is None or upper is None:
        return np.zeros(len(values), bool)
    return ((values < lower) | (values > upper)).any(axis=1)


def estimates_table(info: EngineInfo, about: pd.DataFrame, estimates: Estimates, filled, flag) -> pd.DataFrame:
    """The table of `predict_batch`, of n estimates.

    Parameters
    ----------
    info : EngineInfo
    about : pandas.DataFrame, [n]
        spectrum_key, luminosity_class.
    estimates : Estimates
    filled : ndarray, [n]
        Share of invented flux.
    flag : ndarray of int, [n]
        `mstars.core.flags.EngineFlag` and the engine's own bits.
    """
    table = pd.DataFrame(
        {
            "spectrum_key": about["spectrum_key"].to_numpy(dtype=str),
            "luminosity_class": about["luminosity_class"].to_numpy(dtype=str),
        }
    )
    for column, label in enumerate(info.labels):
        table[label], table[f"{label}_err"] = estimates.values[:, column], estimates.error[:, column]
    table["filled_share"] = np.asarray(filled, dtype=float)
    table["flag"] = np.asarray(flag, dtype=np.int32)
    if info.gives_chi2:
        table["chi2"] = estimates.chi2
    for name in info.extra_columns:
        table[name] = estimates.extra[name]
    return table


def held_out_table(
    engine: Engine,
    folders: Mapping[str, Path],
    x: EngineInput,
    table: pd.DataFrame,
    *,
    kind: str,
    settings: Mapping,
) -> pd.DataFrame:
    """Predictions for the labelled stars beside their labels.

    Parameters
    ----------
    engine : Engine
    folders : mapping
        The model folder of each part.
    x : EngineInput
        Inputs in the order of ``table``.
    table : pandas.DataFrame
        The training set.
    kind : str
    settings : mapping
        The engine's.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, star_id, fold, snri, and for each label of the engine ``_true``, ``_label_err``, ``_oof`` (by a
        model that has not seen the star), ``_mean`` (as for a new star) and ``_spread`` (the error that is calibrated:
        of an ensemble the standard deviation of the models that have seen the star, else the formal error of ``_oof``,
        or 0 for an engine without errors). Also ``_label_known``, where the engine knows what the labels are off by.
    """
    info, n = engine.info, len(table)
    found = engine.held_out(folders, x, table, kind=kind, settings=settings)
    for estimates in (found.own, found.whole):
        check_estimates(estimates, info, n)
    own, whole = found.own.values, found.whole.values
    error = np.where(np.isfinite(own), 0.0, np.nan) if info.error == "none" else found.own.error
    result = table[["spectrum_key", "star_id", "fold", "snri"]].reset_index(drop=True)
    for column, label in enumerate(info.labels):
        result[f"{label}_true"] = table[label].to_numpy(dtype=float)
        result[f"{label}_label_err"] = table[f"{label}_label_err"].to_numpy(dtype=float)
        result[f"{label}_oof"], result[f"{label}_mean"] = own[:, column], whole[:, column]
        result[f"{label}_spread"] = error[:, column]
        if found.label_known is not None:
            result[f"{label}_label_known"] = found.label_known[:, column]
    return result
