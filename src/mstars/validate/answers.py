"""The right labels of a simulated survey's candidates, with which the reviewers of another survey are calibrated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.velocities import SOURCES

_NO_VELOCITY = {"low_quality": "NoRV_lowQuality", "wave_err": "NoRV_waveErr"}


def right_labels(queue: str, truth: pd.DataFrame, candidates: pd.DataFrame, tolerance_kms: float) -> pd.DataFrame:
    """The labels that are right for each candidate of a queue.

    Parameters
    ----------
    queue : str
        In scm, dgcm and random the true class is right. In rv the methods near the truth are right. A spectrum with a
        planted low quality or wrong wavelengths has the label for it before them.
    truth : pandas.DataFrame
        ``sim/truth.parquet``: spectrum_key, true_class, true_rv_lamost (km/s), planted_rv.
    candidates : pandas.DataFrame, [n]
        spectrum_key, and in queue rv the velocities.
    tolerance_kms : float
        How near a velocity must be, km/s (``validate.rv_tolerance_kms``).

    Returns
    -------
    pandas.DataFrame, [n]
        spectrum_key; right, the labels with ';' between, the nearest first, empty where none is right.
    """
    names = ["true_class", "true_rv_lamost", "planted_rv"]
    table = candidates.drop(columns=names, errors="ignore")
    table = table.merge(truth[["spectrum_key", *names]], on="spectrum_key", how="left", validate="one_to_one")
    if queue == "rv":
        right = [_methods(row, tolerance_kms) for row in table.to_dict("records")]
    else:
        classes = table["true_class"].fillna("").astype(str)
        right = np.where(classes.isin(LUMINOSITY_CLASSES), "M", classes) if queue == "scm" else classes
    return pd.DataFrame({"spectrum_key": table["spectrum_key"], "right": pd.Series(right, dtype="str")})


def _methods(row: dict, tolerance_kms: float) -> str:
    first = [_NO_VELOCITY[row["planted_rv"]]] if row["planted_rv"] in _NO_VELOCITY else []
    apart = {label: abs(_number(row.get(column)) - row["true_rv_lamost"]) for label, (column, _) in SOURCES.items()}
    near = sorted((label for label in apart if apart[label] <= tolerance_kms), key=lambda label: apart[label])
    return ";".join(first + near)


def _number(value) -> float:
    return float(value) if value is not None and value is not pd.NA else np.nan
