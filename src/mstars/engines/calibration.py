"""Calibrated errors of an engine and a class, from the predictions for its labelled stars."""

from __future__ import annotations

import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.engines.contract import EngineInfo
from mstars.parameters.calibration import calibrate, spread_ratios


def calibrate_kind(
    info: EngineInfo,
    training: pd.DataFrame,
    *,
    kind: str,
    label_errors: str,
    predictions: pd.DataFrame | None = None,
    snri: pd.DataFrame | None = None,
) -> dict:
    """Calibration of one class of an engine.

    Parameters
    ----------
    info : EngineInfo
    training : pandas.DataFrame
        `held_out_table` of the class.
    kind : {"dM", "gM"}
    label_errors : {"removed", "kept"}
        As for `mstars.parameters.calibration.calibrate`.
    predictions : pandas.DataFrame, optional
        All batches of `predict_batch`. An ensemble needs them: its models lie farther apart on stars that none of
        them has seen.
    snri : pandas.DataFrame, optional
        spectrum_key and snri of the predicted spectra.

    Returns
    -------
    dict
        By label, as of `mstars.parameters.calibration.calibrate`.
    """
    ratios = None
    if info.is_ensemble and predictions is not None and snri is not None:
        # outliers of all kinds would say more of themselves than of stars like those trained on
        sound = (predictions["flag"] & ~int(EngineFlag.SIMULATION_TRAINED)) == 0
        new = predictions[sound & (predictions["luminosity_class"] == kind)]
        new = new[~new["spectrum_key"].isin(training["spectrum_key"])]
        new = new.rename(columns={f"{label}_err": f"{label}_spread" for label in info.labels})
        ratios = spread_ratios(training, new.merge(snri, on="spectrum_key"), labels=info.labels)
    return calibrate(training, label_errors, ratios, labels=info.labels)
