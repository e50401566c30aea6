"""The table of an engine: one row a spectrum of m_catalog_v3. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.engines.contract import EngineInfo
from mstars.parameters.calibration import calibrated_errors


def engine_table(
    info: EngineInfo,
    predictions: pd.DataFrame,
    catalog: pd.DataFrame,
    calibrations: Mapping[str, dict],
    training: pd.DataFrame,
    *,
    out_of_fold: bool = False,
    unlike: pd.DataFrame | None = None,
    unlike_min: float = 1.0,
) -> pd.DataFrame:
    """parameters/{engine}.parquet.

    Parameters
    ----------
    info : EngineInfo
    predictions : pandas.DataFrame
        All batches of `mstars.engines.batch.predict_batch`.
    catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, snri.
    calibrations : mapping
        By kind of the engine: of `mstars.engines.calibration.calibrate_kind`.
    training : pandas.DataFrame
        `mstars.engines.batch.held_out_table` of all its kinds.
    out_of_fold : bool
        What the labels of training stars are: the same as of any star, though the models have seen it (the paper), or
        the prediction of the model that has not. Both are in the table.
    unlike : pandas.DataFrame, optional
        spectrum_key and ood_score: how unlike the M stars of the training set a spectrum is.
    unlike_min : float
        Scores from this on set the flag ``unlike_training``.

    Returns
    -------
    pandas.DataFrame
        One row a spectrum of the catalogue, in its order: spectrum_key, luminosity_class; each label of
        `mstars.core.labels.LABELS` with ``_err`` (of the kind that ``info.error`` says), ``_calib_err`` and ``_oof``
        (null for other than training stars), all null for a label that the engine does not give; oof_fold,
        filled_share, flag, chi2 (null where the engine has none), and its extra columns.
    """
    table = _flagged(info, predictions, catalog, training)
    trained = table["oof_fold"].notna()
    if unlike is not None:
        strange = unlike.loc[unlike["ood_score"] >= unlike_min, "spectrum_key"]
        table["flag"] += int(EngineFlag.UNLIKE_TRAINING) * table["spectrum_key"].isin(strange).astype(np.int32)
    for label in LABELS:
        table[f"{label}_calib_err"] = np.nan
        if label not in info.labels:
            table[label] = table[f"{label}_err"] = table[f"{label}_oof"] = np.nan
            continue
        for kind, calibration in calibrations.items():
            rows = table["luminosity_class"] == kind
            alone = (trained[rows] & out_of_fold).to_numpy()
            table.loc[rows, f"{label}_calib_err"] = _calibrated(info, calibration, label, table[rows], alone)
    for label in info.labels if out_of_fold else ():
        table[label] = table[f"{label}_oof"].where(trained, table[label])
    of_labels = [f"{label}{end}" for label in LABELS for end in ("", "_err", "_calib_err", "_oof")]
    last = ["oof_fold", "filled_share", "flag", "chi2", *info.extra_columns]
    return table[["spectrum_key", "luminosity_class", *of_labels, *last]]


def _flagged(
    info: EngineInfo, predictions: pd.DataFrame, catalog: pd.DataFrame, training: pd.DataFrame
) -> pd.DataFrame:
    """Predictions of every spectrum of the catalogue, beside them those of the labelled stars, with both flags."""
    table = catalog[["spectrum_key", "snri"]].merge(predictions, on="spectrum_key", how="left", validate="1:1")
    missing = table["flag"].isna()
    table["flag"] = table["flag"].fillna(int(EngineFlag.NO_PREDICTION)).astype(np.int32)
    table.loc[missing, "luminosity_class"] = ""
    held_out = training[["spectrum_key", "fold", *(f"{label}_oof" for label in info.labels)]]
    table = table.merge(held_out.rename(columns={"fold": "oof_fold"}), on="spectrum_key", how="left", validate="1:1")
    table["flag"] += int(EngineFlag.TRAINING_STAR) * table["oof_fold"].notna().astype(np.int32)
    table["oof_fold"] = table["oof_fold"].astype("Int64")
    return table if info.gives_chi2 else table.assign(chi2=np.nan)


def _calibrated(info: EngineInfo, calibration: dict, label: str, rows: pd.DataFrame, alone: np.ndarray) -> np.ndarray:
    """Calibrated errors; those of a single model where ``alone``, and everywhere for an engine that is no ensemble."""
    own, snri, teff = rows[f"{label}_err"], rows["snri"], rows["teff"] if "teff" in info.labels else None
    if info.error == "none":
        own = rows[label].where(rows[label].isna(), 0.0)
    single = calibrated_errors(calibration, label, own, snri, teff, single=True)
    if not info.is_ensemble:
        return single
    return np.where(alone, single, calibrated_errors(calibration, label, own, snri, teff))
