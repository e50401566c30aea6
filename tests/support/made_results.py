"""Decisions, folds and tables of a survey, made up."""

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS


def decisions(labels):
    return pd.DataFrame({"label": labels, "review_status": ["reviewed"] + ["provisional"] * (len(labels) - 1)})


def folds(n=4):
    table = pd.DataFrame({f"{label}_true": np.zeros(n) for label in LABELS})
    for label in LABELS:
        table[f"{label}_predicted"] = [1.0, -1.0] * (n // 2)
    return {1: (table, {"about": {"validation_loss": 0.3}}), 0: (table, {"about": {"validation_loss": 0.1}})}
