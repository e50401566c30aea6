"""The spectra that Cycle-StarNet is tested on, and what is known of their stars."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.engines.contract import EngineInput
from mstars.engines.csn.model import ENGINE
from mstars.engines.csn.passage import Passage
from mstars.engines.inputs import load_inputs


def spectra_held_back(
    table: pd.DataFrame, inputs: str | Path, settings: Mapping, most: int
) -> tuple[EngineInput, pd.DataFrame]:
    """Observed spectra that no network was trained on or chosen by.

    Parameters
    ----------
    table : pandas.DataFrame
        The observed set: split and more.
    inputs : path
        Its inputs, as of `mstars.engines.inputs.write_inputs`.
    settings : mapping
        The engine's.
    most : int
        Take the first so many.

    Returns
    -------
    x : EngineInput
        n spectra with a pixel that is used.
    table : pandas.DataFrame
        Their rows.
    """
    whole = load_inputs(inputs, ENGINE, settings, len(table))
    rows = np.flatnonzero((table["split"] == "test") & (np.asarray(whole.ivar) > 0).any(axis=1))[:most]
    return whole.take(rows), table.iloc[rows].reset_index(drop=True)


def load_passage(model: str | Path, kind: str, settings: Mapping) -> Passage:
    """The networks of a trained part, by the path of its model.json."""
    return ENGINE.load([Path(model).parent], kind=kind, settings=settings).passage


def true_labels(truth: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """The labels of a simulated survey's truth under their own names, a row for each spectrum_key."""
    rows = truth.set_index("spectrum_key").reindex(keys)
    return rows.rename(columns={f"true_{label}": label for label in LABELS})
