"""Where each engine may be used: its own class, its ranges, its arms, and no flag that clears its labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.engines.contract import EngineInfo
from mstars.engines.registry import engine_info
from mstars.spectra.arms import arms_of


@dataclass
class Members:
    """What k engines say of n spectra of one class.

    Attributes
    ----------
    names : tuple of str, [k]
    values, spread : dict of ndarray, [n, k]
        By label: values (NaN where there is none or where the engine is outside its validity), and of an ensemble the
        spread of its models (else 0).
    filled : ndarray, [n, k]
        Share of invented flux that each engine had.
    flag : ndarray of int, [n, k]
        Of each engine.
    """

    names: tuple[str, ...]
    values: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    filled: np.ndarray
    flag: np.ndarray

    def take(self, rows) -> Members:
        """Some of the spectra."""
        parts = ({label: array[rows] for label, array in one.items()} for one in (self.values, self.spread))
        return Members(self.names, *parts, self.filled[rows], self.flag[rows])


def valid_rows(info: EngineInfo, table: pd.DataFrame, kind: str, missing_arm: np.ndarray) -> np.ndarray:
    """Spectra that an engine may be used for: bool [n].

    None with a flag that clears its labels, with labels beyond its ranges, or without data in an arm that it needs:
    where its own parameters would not be recommended. That its models are of simulated spectra does not count here: the
    result gets that flag.

    Parameters
    ----------
    info : EngineInfo
    table : pandas.DataFrame, [n]
        flag and the engine's labels.
    kind : {"dM", "gM"}
    missing_arm : ndarray of str, [n]
        Arms without data, as ingest found them.
    """
    bits = {name: bit for name, bit in info.clearing().items() if name != EngineFlag.SIMULATION_TRAINED.key}
    spoiled = sum(bits.values()) | int(EngineFlag.NO_PREDICTION)
    good = (table["flag"].to_numpy(dtype=np.int64) & spoiled) == 0
    for label, (low, high) in info.ranges[kind].items():
        values = table[label].to_numpy(dtype=float)
        good &= (values >= low) & (values <= high)
    for arm in arms_of(info.grid.wavelength):
        good &= np.char.find(missing_arm, arm) < 0
    return good


def collect_members(
    tables: Mapping[str, pd.DataFrame], keys: pd.DataFrame, kind: str, *, held_out: bool = False
) -> Members:
    """What the engines say of some spectra of a class.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By engine: parameters/{engine} or predictions of a batch.
    keys : pandas.DataFrame, [n]
        spectrum_key, missing_arm (text, empty where none is missing).
    kind : {"dM", "gM"}
    held_out : bool
        Whether of labelled stars the value is that of a model that has not seen them.
    """
    n, names = len(keys), tuple(tables)
    values = {label: np.full((n, len(names)), np.nan) for label in LABELS}
    spread = {label: np.zeros((n, len(names))) for label in LABELS}
    filled, flag = np.full((n, len(names)), np.nan), np.full((n, len(names)), int(EngineFlag.NO_PREDICTION), np.int64)
    missing = keys["missing_arm"].fillna("").to_numpy(dtype=str)
    for column, (name, table) in enumerate(tables.items()):
        info = engine_info(name)
        own = table.drop_duplicates("spectrum_key").set_index("spectrum_key").reindex(keys["spectrum_key"])
        there = own["flag"].notna().to_numpy()
        flag[:, column] = np.where(there, own["flag"].fillna(0).to_numpy(dtype=np.int64), flag[:, column])
        filled[:, column] = own["filled_share"].to_numpy(dtype=float)
        own = own.assign(flag=flag[:, column])
        if held_out:
            own = own.assign(**{label: own[f"{label}_oof"].fillna(own[label]) for label in info.labels})
        good = valid_rows(info, own, kind, missing)
        for label in info.labels:
            values[label][:, column] = np.where(good, own[label].to_numpy(dtype=float), np.nan)
            if info.is_ensemble:
                spread[label][:, column] = own[f"{label}_err"].to_numpy(dtype=float)
    return Members(names, values, spread, filled, flag)
