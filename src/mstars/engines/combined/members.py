"""Where each engine may be used: its own class, its ranges, its arms, and no flag that clears its labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.engines.contract import EngineInfo
from mstars.engines.registry import engine_info, info_of_stem
from mstars.files.tables import read_table
from mstars.spectra.arms import arms_of

_PER_BLOCK = 40


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
    single : ndarray of bool, [n]
        Whether the value of an ensemble is that of the one model that has not seen the star.
    """

    names: tuple[str, ...]
    values: dict[str, np.ndarray]
    spread: dict[str, np.ndarray]
    filled: np.ndarray
    flag: np.ndarray
    single: np.ndarray

    def take(self, rows) -> Members:
        """Some of the spectra."""
        parts = ({label: array[rows] for label, array in one.items()} for one in (self.values, self.spread))
        return Members(self.names, *parts, self.filled[rows], self.flag[rows], self.single[rows])


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


def spread_of_new_stars(
    table: pd.DataFrame, spectra: pd.DataFrame, labelled: pd.Series, kind: str, labels: Sequence[str]
) -> dict[str, np.ndarray]:
    """Spread of an ensemble's models for stars that none of them has seen, at the S/N_i of labelled ones.

    Models lie nearer to each other on stars that they were trained on.

    Parameters
    ----------
    table : pandas.DataFrame
        parameters/{engine}.
    spectra : pandas.DataFrame
        spectrum_key and snri.
    labelled : pandas.Series, [n]
        spectrum_key.
    kind : {"dM", "gM"}
    labels : sequence of str

    Returns
    -------
    dict of ndarray, [n]
        By label; empty with fewer than `_PER_BLOCK` new stars without a flag.
    """
    snr = spectra.drop_duplicates("spectrum_key").set_index("spectrum_key")["snri"].astype(float).clip(lower=1.0)
    sound = (table["flag"].astype("int64") & ~int(EngineFlag.SIMULATION_TRAINED)) == 0
    new = table[sound & (table["luminosity_class"] == kind) & ~table["spectrum_key"].isin(labelled)]
    new = new.assign(snr=new["spectrum_key"].map(snr)).dropna(subset="snr").sort_values("snr", kind="stable")
    if len(new) < _PER_BLOCK:
        return {}
    blocks = np.array_split(np.arange(len(new)), len(new) // _PER_BLOCK)
    place = [np.log(new["snr"].iloc[rows].median()) for rows in blocks]
    at = np.log(labelled.map(snr).fillna(1.0).to_numpy(dtype=float))
    return {
        label: np.interp(at, place, [new[f"{label}_err"].iloc[rows].median() for rows in blocks]) for label in labels
    }


def collect_members(
    tables: Mapping[str, pd.DataFrame], keys: pd.DataFrame, kind: str, *, held_out: pd.DataFrame | None = None
) -> Members:
    """What the engines say of some spectra of a class.

    Of a star that an engine has learnt from, the value is that of a model that has not seen it. An engine that matches
    spectra would find the star itself, and say its label.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        By engine: parameters/{engine}, or predictions of a batch with `with_held_out`.
    keys : pandas.DataFrame, [n]
        spectrum_key, missing_arm (text, empty where none is missing).
    kind : {"dM", "gM"}
    held_out : pandas.DataFrame, optional
        spectrum_key and snri of all spectra. Then ``keys`` are labelled stars: their spread is that of new stars of
        their S/N_i.
    """
    n, names = len(keys), tuple(tables)
    values = {label: np.full((n, len(names)), np.nan) for label in LABELS}
    spread = {label: np.zeros((n, len(names))) for label in LABELS}
    filled, flag = np.full((n, len(names)), np.nan), np.full((n, len(names)), int(EngineFlag.NO_PREDICTION), np.int64)
    single = np.zeros(n, bool)
    missing = keys["missing_arm"].fillna("").to_numpy(dtype=str)
    for column, (name, table) in enumerate(tables.items()):
        info = engine_info(name)
        own = table.drop_duplicates("spectrum_key").set_index("spectrum_key").reindex(keys["spectrum_key"])
        there = own["flag"].notna().to_numpy()
        flag[:, column] = np.where(there, own["flag"].fillna(0).to_numpy(dtype=np.int64), flag[:, column])
        filled[:, column] = own["filled_share"].to_numpy(dtype=float)
        own = own.assign(flag=flag[:, column])
        seen = [label for label in info.labels if f"{label}_oof" in own]
        if seen and info.is_ensemble:
            single |= own[[f"{label}_oof" for label in seen]].notna().any(axis=1).to_numpy()
        own = own.assign(**{label: own[f"{label}_oof"].fillna(own[label]) for label in seen})
        good = valid_rows(info, own, kind, missing)
        wide = {}
        if info.is_ensemble and held_out is not None:
            wide = spread_of_new_stars(table, held_out, keys["spectrum_key"], kind, info.labels)
        for label in info.labels:
            values[label][:, column] = np.where(good, own[label].to_numpy(dtype=float), np.nan)
            if info.is_ensemble:
                spread[label][:, column] = wide.get(label, own[f"{label}_err"].to_numpy(dtype=float))
    return Members(names, values, spread, filled, flag, single)


def held_out_by_engine(paths: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """Tables ``{stem}_{kind}/out_of_fold.parquet``, those of an engine's classes together, by the engine's name."""
    own: dict[str, list[pd.DataFrame]] = {}
    for path in map(Path, paths):
        own.setdefault(info_of_stem(path.parent.name.rpartition("_")[0]).name, []).append(read_table(path))
    return {name: pd.concat(tables, ignore_index=True) for name, tables in own.items()}


def with_held_out(table: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """Predictions with the values of models that have not seen the star, as ``{label}_oof``.

    Parameters
    ----------
    table : pandas.DataFrame
        Predictions of a batch.
    held_out : pandas.DataFrame
        Of `mstars.engines.batch.held_out_table`, of all classes.
    """
    columns = [name for name in held_out if name.endswith("_oof")]
    own = held_out.drop_duplicates("spectrum_key").set_index("spectrum_key")[columns]
    return table.join(own, on="spectrum_key")
