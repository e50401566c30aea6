"""Ensemble prediction: mean and standard deviation of the folds' models, and the engine's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.files.stores import iter_batch
from mstars.networks.folder import Model, load_model
from mstars.networks.inference import Ensemble
from mstars.parameters.calibration import calibrated_errors
from mstars.spectra.container import SpectrumSet
from mstars.spectra.normalisation import zscore
from mstars.spectra.resampling import resample_linear
from mstars.spectra.wavelengths import CLASSIFIER_GRID


def load_folds(folders: Sequence[str | Path], kind: str) -> list[Model]:
    """Models of a class, checked: regressors of the four labels in the rest frame.

    Raises
    ------
    InputError
        No folder, or one that holds another kind of model.
    """
    if not folders:
        raise InputError(f"no models of tlma_{kind}; train them, or correct models.path")
    models = [load_model(folder) for folder in folders]
    for folder, model in zip(folders, models, strict=True):
        if model.kind != "regressor" or tuple(model.outputs) != LABELS or model.frame != "rest":
            raise InputError(
                f"{folder}: a {model.kind} of {', '.join(model.outputs)} in the {model.frame} frame, expected a "
                f"regressor of {', '.join(LABELS)} in the rest frame"
            )
    return models


def simulation_trained(models: Sequence[Model], survey_kind: str) -> bool:
    """Whether models of simulated spectra meet a real survey: their parameters are not to be recommended."""
    return survey_kind != "simulated" and any(model.about.get("trained_on") == "simulated" for model in models)


def rest_frame_input(spectra: SpectrumSet, rv: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps 1, 2, 3, 4a, 5 of section 3.2: float32 [n, 5000] and the share of interpolated pixels [n].

    A NaN velocity leaves the spectrum unshifted.
    """
    flux, filled = resample_linear(spectra, CLASSIFIER_GRID, rv)
    return zscore(flux), filled


def predict_parameters(
    models: Mapping[str, Sequence[Model]],
    store: str | Path,
    catalog: pd.DataFrame,
    *,
    survey_kind: str,
    filled_max: float = 0.3,
    chunk: int = 512,
) -> pd.DataFrame:
    """Parameters of a batch's M stars: each by the ensemble of its class.

    Parameters
    ----------
    models : mapping
        Keys dM and gM: the folds' models.
    store : path
        The batch's spectra.
    catalog : pandas.DataFrame
        m_catalog_v3 of the batch: spectrum_key, luminosity_class, rv (km/s; NaN: the spectrum stays unshifted).
    survey_kind : {"simulated", "files", "release"}
    filled_max : float
        Share of interpolated pixels above which the flag ``interpolated`` is set.
    chunk : int
        Spectra in memory at a time.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, luminosity_class, the labels (mean of the ensemble), their ``_err`` (its standard deviation),
        filled_share and flag (`EngineFlag`), in the store's order.
    """
    graphs = {kind: Ensemble(members) for kind, members in models.items()}
    limits = {kind: training_limits(members) for kind, members in models.items()}
    simulated = {kind: simulation_trained(members, survey_kind) for kind, members in models.items()}
    wanted = catalog.set_index("spectrum_key")
    parts = []
    for spectra in iter_batch(store, chunk):
        spectra = spectra.select([key in wanted.index for key in spectra.spectrum_key.tolist()])
        if len(spectra) == 0:
            continue
        rows = wanted.loc[spectra.spectrum_key.astype(str)]
        rv, kinds = rows["rv"].to_numpy(dtype=float), rows["luminosity_class"].to_numpy(dtype=str)
        x, filled = rest_frame_input(spectra, rv)
        mean, spread = np.full((len(x), len(LABELS)), np.nan), np.full((len(x), len(LABELS)), np.nan)
        flag = EngineFlag.NO_RV * ~np.isfinite(rv) + EngineFlag.INTERPOLATED * (filled > filled_max)
        for kind, graph in graphs.items():
            where = np.flatnonzero(kinds == kind)
            if len(where) == 0:
                continue
            outputs = graph.predict(x[where])
            mean[where], spread[where] = outputs.mean(axis=0), outputs.std(axis=0)
            lower, upper = limits[kind]
            outside = ((mean[where] < lower) | (mean[where] > upper)).any(axis=1)
            flag[where] += EngineFlag.OUTSIDE_TRAINING_LABELS * outside
            flag[where] += EngineFlag.SIMULATION_TRAINED * simulated[kind]
        flag = flag + EngineFlag.NO_PREDICTION * ~np.isfinite(mean).all(axis=1)
        parts.append(_frame(spectra.spectrum_key, kinds, mean, spread, filled, flag))
    if not parts:
        nothing = np.empty((0, len(LABELS)))
        return _frame(np.empty(0, str), np.empty(0, str), nothing, nothing, np.empty(0), np.empty(0, int))
    return pd.concat(parts, ignore_index=True)


def _frame(keys, kinds, mean, spread, filled, flag) -> pd.DataFrame:
    table = pd.DataFrame({"spectrum_key": keys.astype(str), "luminosity_class": kinds})
    for column, label in enumerate(LABELS):
        table[label], table[f"{label}_err"] = mean[:, column], spread[:, column]
    table["filled_share"] = np.asarray(filled, dtype=float)
    table["flag"] = np.asarray(flag, dtype=np.int32)
    return table


def training_limits(models: Sequence[Model]) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest of each label that any fold was trained on; infinite where a model does not say."""
    lower = [model.about.get("label_min") for model in models]
    upper = [model.about.get("label_max") for model in models]
    if None in lower or None in upper:
        return np.full(len(LABELS), -np.inf), np.full(len(LABELS), np.inf)
    return np.min(lower, axis=0), np.max(upper, axis=0)


def out_of_fold(x: np.ndarray, table: pd.DataFrame, models: Sequence[Model], chunk: int = 512) -> pd.DataFrame:
    """Predictions for the training stars: by the one model that has not seen them, and by the ensemble.

    Parameters
    ----------
    x : ndarray of float32, [n, 5000]
        Inputs, may be memory-mapped, in the order of ``table``.
    table : pandas.DataFrame
        The training set (`tlma_training_set`).
    models : sequence of Model
        In the order of the folds.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, star_id, fold, snri, and for each label ``_true``, ``_label_err``, ``_oof`` (out of fold),
        ``_mean`` and ``_spread`` (ensemble).
    """
    fold = table["fold"].to_numpy(dtype=int)
    if fold.max() + 1 != len(models):
        raise InputError(f"training set of {fold.max() + 1} folds, {len(models)} models; train again")
    graph, n = Ensemble(models), len(table)
    own, mean, spread = (np.empty((n, len(LABELS))) for _ in range(3))
    for start in range(0, n, chunk):
        part = slice(start, min(start + chunk, n))
        outputs = graph.predict(np.asarray(x[part]))
        own[part] = outputs[fold[part], np.arange(part.stop - part.start)]
        mean[part], spread[part] = outputs.mean(axis=0), outputs.std(axis=0)
    result = table[["spectrum_key", "star_id", "fold", "snri"]].reset_index(drop=True)
    for column, label in enumerate(LABELS):
        result[f"{label}_true"] = table[label].to_numpy(dtype=float)
        result[f"{label}_label_err"] = table[f"{label}_label_err"].to_numpy(dtype=float)
        result[f"{label}_oof"], result[f"{label}_mean"] = own[:, column], mean[:, column]
        result[f"{label}_spread"] = spread[:, column]
    return result


def collect(
    predictions: pd.DataFrame,
    catalog: pd.DataFrame,
    calibrations: Mapping[str, dict],
    training: pd.DataFrame,
    *,
    training_stars: str = "ensemble",
    unlike: pd.DataFrame | None = None,
    unlike_min: float = 1.0,
) -> pd.DataFrame:
    """The engine's table: parameters/cnn.parquet.

    Parameters
    ----------
    predictions : pandas.DataFrame
        All batches of `predict_parameters`.
    catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, snri.
    calibrations : mapping
        Keys dM and gM, each of `calibrate`.
    training : pandas.DataFrame
        `out_of_fold` of both classes.
    training_stars : {"ensemble", "out_of_fold"}
        What the labels of training stars are: the ensemble's mean, nine tenths of which has seen the star (the
        paper), or the prediction of the model that has not. Both are in the table.
    unlike : pandas.DataFrame, optional
        spectrum_key and ood_score: how unlike the M stars of the training set a spectrum is.
    unlike_min : float
        Scores from this on set the flag ``unlike_training``.

    Returns
    -------
    pandas.DataFrame
        One row a spectrum of the catalogue, in its order: spectrum_key, luminosity_class, the labels, ``_err``
        (ensemble standard deviation), ``_calib_err``, ``_oof`` (null for other than training stars), oof_fold,
        filled_share, flag, chi2 (null: the engine has none).
    """
    table = catalog[["spectrum_key", "snri"]].merge(predictions, on="spectrum_key", how="left", validate="1:1")
    missing = table["flag"].isna()
    table["flag"] = table["flag"].fillna(EngineFlag.NO_PREDICTION).astype(np.int32)
    table.loc[missing, "luminosity_class"] = ""
    held_out = training[["spectrum_key", "fold", *(f"{label}_oof" for label in LABELS)]]
    table = table.merge(held_out.rename(columns={"fold": "oof_fold"}), on="spectrum_key", how="left", validate="1:1")
    trained = table["oof_fold"].notna()
    table["flag"] += EngineFlag.TRAINING_STAR * trained
    table["oof_fold"] = table["oof_fold"].astype("Int64")
    if unlike is not None:
        strange = unlike.loc[unlike["ood_score"] >= unlike_min, "spectrum_key"]
        table["flag"] += EngineFlag.UNLIKE_TRAINING * table["spectrum_key"].isin(strange)
    for label in LABELS:
        table[f"{label}_calib_err"] = np.nan
        for kind, calibration in calibrations.items():
            rows = table["luminosity_class"] == kind
            spread, snri = table.loc[rows, f"{label}_err"], table.loc[rows, "snri"]
            alone = (trained[rows] & (training_stars == "out_of_fold")).to_numpy()
            errors = [calibrated_errors(calibration, label, spread, snri, single=single) for single in (False, True)]
            table.loc[rows, f"{label}_calib_err"] = np.where(alone, errors[1], errors[0])
        if training_stars == "out_of_fold":
            table[label] = table[f"{label}_oof"].where(trained, table[label])
    table["flag"] = table["flag"].astype(np.int32)
    table["chi2"] = np.nan
    columns = ["spectrum_key", "luminosity_class"]
    for label in LABELS:
        columns += [label, f"{label}_err", f"{label}_calib_err", f"{label}_oof"]
    return table[[*columns, "oof_fold", "filled_share", "flag", "chi2"]]
