"""Calibrated errors of an engine and a class, from the predictions for its labelled stars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.engines.contract import EngineInfo
from mstars.parameters.calibration import MIN_ROWS, calibrate, spread_ratios


def label_errors_found(
    training: pd.DataFrame, other: pd.DataFrame, calibration: Mapping[str, Mapping], labels: Sequence[str]
) -> dict[str, float]:
    """What the calibration of another engine found the labels to be off by, where both have learnt the same labels.

    Parameters
    ----------
    training, other : pandas.DataFrame
        `held_out_table` of the class, of both engines.
    calibration : mapping
        Of the other engine, by label.
    labels : sequence of str
        Those of the engine.

    Returns
    -------
    dict
        By label, K and dex. A label is left out where fewer than `MIN_ROWS` spectra are in both tables, where these do
        not have the same labels and quoted errors, and where the other engine took nothing out.
    """
    both = training.merge(other, on="spectrum_key", suffixes=("", "_other"))
    found = {}
    for label in labels:
        columns = [f"{label}_true", f"{label}_label_err"]
        if len(both) < MIN_ROWS or label not in calibration or not {f"{name}_other" for name in columns} <= set(both):
            continue
        pairs = ((both[name], both[f"{name}_other"]) for name in columns)
        same = all(np.array_equal(*(side.to_numpy(dtype=float) for side in pair), equal_nan=True) for pair in pairs)
        if same and calibration[label]["label_error"] > 0:
            found[label] = float(calibration[label]["label_error"])
    return found


def calibrate_kind(
    info: EngineInfo,
    training: pd.DataFrame,
    *,
    kind: str,
    label_errors: str,
    predictions: pd.DataFrame | None = None,
    snri: pd.DataFrame | None = None,
    other: tuple[pd.DataFrame, Mapping[str, Mapping]] | None = None,
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
    other : (pandas.DataFrame, mapping), optional
        `held_out_table` and calibration of another engine. Where both have the same labels, no more is taken out for
        the labels' errors than that engine found.

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
    most = label_errors_found(training, *other, info.labels) if other else None
    return calibrate(training, label_errors, ratios, labels=info.labels, label_errors_most=most)
