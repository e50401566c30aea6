"""What every source says of every spectrum: engines, APOGEE, other catalogues, and a simulation's truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.core.missing import without_missing
from mstars.engines.registry import engine_info
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.literature.catalogues import join_described, read_description

APOGEE = "apogee"
TRUTH = "truth"
APOGEE_SCALE = "apogee_dr16"
PLACES = ["bp_rp_0", "M_G_0", "CMD_flag"]
"""Columns of the photometry that diagrams need."""


@dataclass(frozen=True)
class Source:
    """Where labels come from.

    Attributes
    ----------
    name : str
        Ending of its columns: ``teff_{name}``.
    title : str
        For people.
    scale : str
        Whose numbers the labels are. Another catalogue is on its own scale, which has the catalogue's name.
    kind : {"engine", "reference", "catalogue"}
        APOGEE and the truth are references.
    """

    name: str
    title: str
    scale: str
    kind: str


def sources_of(engines: Sequence[str], catalogues: Mapping[str, str], *, simulated: bool) -> list[Source]:
    """All sources of a run, engines first.

    Parameters
    ----------
    engines : sequence of str
    catalogues : mapping
        Titles of the other catalogues by name. One with the name of an engine gets ``_paper`` behind its name.
    simulated : bool
        Whether the truth is known.
    """
    infos = [engine_info(name) for name in engines]
    found = [
        Source(info.name, info.name if info.of_engines else info.name.upper(), info.scale, "engine") for info in infos
    ]
    found.append(Source(APOGEE, "APOGEE", APOGEE_SCALE, "reference"))
    if simulated:
        found.append(Source(TRUTH, "truth", TRUTH, "reference"))
    for name, title in catalogues.items():
        own = f"{name}_paper" if name in engines else name
        found.append(Source(own, f"{title} (catalogue)" if own != name else title, own, "catalogue"))
    return found


def engine_columns(name: str, parameters: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """An engine's recommended labels; of labelled stars by a model that has not seen them.

    Parameters
    ----------
    name : str
        Of the engine.
    parameters, flags : pandas.DataFrame
        parameters/{name} and quality/{name}.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, ``{label}_{name}`` and ``{label}_{name}_err`` (calibrated; K, dex). NaN where parameter_flag is 0.
    """
    table = parameters.merge(flags[["spectrum_key", "parameter_flag"]], on="spectrum_key", validate="1:1")
    good, columns = (table["parameter_flag"] == 1).to_numpy(), {"spectrum_key": table["spectrum_key"]}
    for label in engine_info(name).labels:
        held_out = table[f"{label}_oof"]
        columns[f"{label}_{name}"] = held_out.where(held_out.notna(), table[label]).where(good)
        columns[f"{label}_{name}_err"] = table[f"{label}_calib_err"].where(good)
    return pd.DataFrame(columns)


def labels_side_by_side(
    keys: pd.DataFrame,
    engines: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
    apogee: pd.DataFrame,
    catalogues: Mapping[str, pd.DataFrame],
    truth: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row a spectrum with the labels of each source.

    Parameters
    ----------
    keys : pandas.DataFrame
        m_catalog_v3: spectrum_key, star_id, luminosity_class, snri.
    engines : mapping
        parameters and quality by engine.
    apogee : pandas.DataFrame
        The crossmatch: spectrum_key and APOGEE's columns.
    catalogues : mapping
        By source's name: spectrum_key and ``{label}_catalog``.
    truth : pandas.DataFrame, optional
        spectrum_key and ``true_{label}``.

    Returns
    -------
    pandas.DataFrame
        The columns of ``keys``, ``{label}_{source}``, and for engines ``{label}_{source}_err``; a label that a source
        does not give has no column.
    """
    table = keys
    for name, (parameters, flags) in engines.items():
        table = _with(table, engine_columns(name, parameters, flags))
    renamed = {column: f"{label}_{APOGEE}" for label, column in APOGEE_COLUMNS.items()}
    theirs = apogee[["spectrum_key", *renamed]].rename(columns=renamed)
    table = _with(table, theirs.assign(**{name: without_missing(theirs[name]) for name in renamed.values()}))
    if truth is not None:
        renamed = {f"true_{label}": f"{label}_{TRUTH}" for label in LABELS}
        table = _with(table, truth[["spectrum_key", *renamed]].rename(columns=renamed))
    for name, joined in catalogues.items():
        renamed = {f"{label}_catalog": f"{label}_{name}" for label in LABELS}
        theirs = joined[["spectrum_key", *renamed]].rename(columns=renamed)
        table = _with(table, theirs.dropna(axis=1, how="all"))
    return table


def _with(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """More columns; the keys stay in their order, and a second row of a key is left out."""
    place = (
        pd.Index(other["spectrum_key"]).get_indexer_for(table["spectrum_key"])
        if other["spectrum_key"].is_unique
        else None
    )
    if place is None:
        return _with(table, other.drop_duplicates("spectrum_key"))
    columns = {}
    for name in other.columns.drop("spectrum_key"):
        values = np.append(other[name].to_numpy(dtype=float, na_value=np.nan), np.nan)
        columns[name] = values[place]  # -1, a key that is not there, takes the last
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)


def read_sources(path: str | Path) -> list[Source]:
    """Sources that the rule engine_labels has written."""
    return [Source(**one) for one in read_json(path)["sources"]]


def labels_of_run(
    files: Mapping[str, str | Sequence[str]], engines: Sequence[str], catalogues: Sequence[str], *, simulated: bool
) -> tuple[pd.DataFrame, list[Source]]:
    """`labels_side_by_side` of a run, and its sources.

    Parameters
    ----------
    files : mapping
        Inputs of the rule engine_labels: parameters and flags (a file an engine), m_catalog, stars, photometry, apogee,
        descriptions and files (one each a catalogue), truth (an empty list where the survey is real).
    engines, catalogues : sequence of str
        Names in the order of the files.
    simulated : bool
    """
    titles = [read_description(path).title for path in files["descriptions"]]
    sources = sources_of(engines, dict(zip(catalogues, titles, strict=True)), simulated=simulated)
    others = [source.name for source in sources if source.kind == "catalogue"]
    keys = read_table(files["m_catalog"], ["spectrum_key", "obsid", "ra", "dec", "luminosity_class", "rv", "snri"])
    for name, columns in (("stars", ["source_id", "star_id", "parallax"]), ("photometry", PLACES)):
        other = read_table(files[name], ["spectrum_key", *columns]).drop_duplicates("spectrum_key")
        keys = keys.merge(other, on="spectrum_key", how="left", validate="1:1")
    tables = {
        name: (read_table(one), read_table(two, ["spectrum_key", "parameter_flag"]))
        for name, one, two in zip(engines, files["parameters"], files["flags"], strict=True)
    }
    apogee = read_table(files["apogee"], ["spectrum_key", *APOGEE_COLUMNS.values()])
    truth = read_table(files["truth"], ["spectrum_key", *(f"true_{label}" for label in LABELS)]) if simulated else None
    joined = join_described(keys, others, files["descriptions"], files["files"])
    kept = keys.drop(columns=["obsid", "ra", "dec"])
    return labels_side_by_side(kept, tables, apogee, joined, truth), sources
