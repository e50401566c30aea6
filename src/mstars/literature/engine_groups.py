"""[M/H] of stars that were born together, by each engine: wide pairs, M dwarfs with a warmer primary, clusters."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.robust import mad_std
from mstars.files.external_tables import Column, read_external
from mstars.literature.criteria import PAIR_CRITERIA, PairCriteria
from mstars.literature.groups import CHANCE, CLUSTERS, SOURCES_OF_PAIR

M_M, FGK_M, CLUSTER = "M+M", "FGK+M", "cluster"
KEYS = ("engine", "group", "criteria")
"""What a set of differences is of."""

FIELD = ("field", "field_err")
_NEAR = 0.1
_LEAST_FIELD = 10

_SHARED = (
    CHANCE,
    Column("separation_au", ("sep_AU", "sepAU"), required=False),
    Column("pairdistance", ("theta",), required=False, unit="deg"),
)
_PAIRS = (*SOURCES_OF_PAIR, *_SHARED)
_FGK = (
    Column("source_id", kind="id"),
    Column("feh"),
    Column("feh_err", required=False),
    Column("rv", required=False, unit="km/s"),
    *_SHARED,
)
_METALLICITIES = (
    Column("cluster", kind="str"),
    Column("feh", ("[Fe/H]",)),
    Column("feh_err", ("e_[Fe/H]",), required=False),
)

HEADS = {
    **dict.fromkeys(("engine", "group", "name", "criteria"), "str"),
    "n": "int64",
    **dict.fromkeys(
        (
            "mean",
            "mean_err",
            "std",
            "median",
            "robust_std",
            "width",
            "beyond_3_sigma",
            "reference",
            "field",
            "field_err",
        ),
        "float64",
    ),
}
"""Columns of compare/engine_groups.parquet and their types."""


def read_groups(files: Mapping[str, str | Path | Sequence]) -> dict[str, pd.DataFrame]:
    """Tables of binaries and clusters of the config; one that is not given is left out.

    Parameters
    ----------
    files : mapping
        binaries, fgk_binaries, clusters, cluster_metallicities: paths, or nothing.

    Raises
    ------
    InputError
        A table can't be read or lacks a column, or clusters come without metallicities.
    """
    columns = {"binaries": _PAIRS, "fgk_binaries": _FGK, "clusters": CLUSTERS, "cluster_metallicities": _METALLICITIES}
    found = {name: read_external(files[name], columns[name], f"compare.{name}") for name in columns if files[name]}
    if "cluster_metallicities" in found and "clusters" not in found:
        raise InputError("compare.cluster_metallicities is given without compare.clusters: who are the members?")
    return found


def star_values(table: pd.DataFrame, engine: str, snr_i_min: float | None = None) -> pd.DataFrame:
    """[M/H] of each star by the spectrum with the highest S/N_i.

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.literature.engine_labels.labels_side_by_side`, with source_id, rv and parallax.
    engine : str
    snr_i_min : float, optional
        S/N_i of a spectrum is above.

    Returns
    -------
    pandas.DataFrame
        By source_id: m_h, error (dex), rv (km/s), parallax (mas), snri.
    """
    rows = table[table["source_id"].notna() & table[f"m_h_{engine}"].notna() & (table["luminosity_class"] == "dM")]
    if snr_i_min is not None:
        rows = rows[rows["snri"] > snr_i_min]
    rows = rows.sort_values(["snri", "spectrum_key"], kind="stable").drop_duplicates("source_id", keep="last")
    columns = {"m_h": f"m_h_{engine}", "error": f"m_h_{engine}_err", "rv": "rv", "parallax": "parallax", "snri": "snri"}
    values = {name: rows[column].to_numpy(dtype=float) for name, column in columns.items()}
    return pd.DataFrame(values, index=rows["source_id"].astype("int64").to_numpy())


def pair_differences(stars: pd.DataFrame, binaries: pd.DataFrame, criteria: PairCriteria) -> pd.DataFrame:
    """First minus second component of the pairs of which both have [M/H].

    Parameters
    ----------
    stars : pandas.DataFrame
        `star_values`.
    binaries : pandas.DataFrame
        source_id1, source_id2 and, where known, R_chance_align, separation_au, pairdistance (degrees).
    criteria : PairCriteria

    Returns
    -------
    pandas.DataFrame
        difference and error (dex), m_h_1, m_h_2.
    """
    known = binaries.dropna(subset=["source_id1", "source_id2"]).astype({"source_id1": "int64", "source_id2": "int64"})
    both = known.merge(stars.add_suffix("_1"), left_on="source_id1", right_index=True)
    both = both.merge(stars.add_suffix("_2"), left_on="source_id2", right_index=True)
    both = both[_kept(both, criteria, both["parallax_1"], both["rv_1"] - both["rv_2"])]
    error = np.hypot(both["error_1"], both["error_2"])
    return both[["m_h_1", "m_h_2"]].assign(difference=both["m_h_1"] - both["m_h_2"], error=error)


def primary_differences(stars: pd.DataFrame, primaries: pd.DataFrame, criteria: PairCriteria) -> pd.DataFrame:
    """M dwarf minus its warmer primary.

    Parameters
    ----------
    stars : pandas.DataFrame
        `star_values`.
    primaries : pandas.DataFrame
        source_id (of the M dwarf), feh, feh_err of the primary (dex), and what `pair_differences` takes; rv of the
        primary (km/s) where known.
    criteria : PairCriteria

    Returns
    -------
    pandas.DataFrame
        difference and error (dex), m_h_1 (the M dwarf's), m_h_2 (the primary's).
    """
    known = primaries.dropna(subset=["source_id", "feh"]).astype({"source_id": "int64"})
    both = known.rename(columns={"rv": "rv_2"}).merge(stars, left_on="source_id", right_index=True)
    both = both[_kept(both, criteria, both["parallax"], both["rv"] - both["rv_2"])]
    error = np.hypot(both["error"], both["feh_err"].fillna(0.0))
    columns = {"m_h_1": both["m_h"], "m_h_2": both["feh"], "difference": both["m_h"] - both["feh"], "error": error}
    return pd.DataFrame(columns)


def _kept(pairs: pd.DataFrame, criteria: PairCriteria, parallax: pd.Series, rv_off: pd.Series) -> np.ndarray:
    """Pairs within the criteria; what is not known excludes none."""
    arcsec = (3600 * pairs["pairdistance"]).fillna(pairs["separation_au"] * parallax / 1000)
    kept = np.ones(len(pairs), bool)
    for values, limit, above in (
        (pairs["R_chance_align"], criteria.chance_max, False),
        (pairs["separation_au"], criteria.widest_au, False),
        (arcsec, criteria.least_arcsec, True),
        (rv_off.abs(), criteria.rv_max_kms, False),
    ):
        if limit is not None:
            numbers = values.to_numpy(dtype=float, na_value=np.nan)
            kept &= ~(numbers <= limit if above else numbers >= limit)
    return kept


def field_offset(table: pd.DataFrame, engine: str, feh: float, members: pd.Index) -> tuple[float, float]:
    """What an engine is off by for labelled dwarfs of a metallicity: members of a cluster are all off by it.

    Parameters
    ----------
    table : pandas.DataFrame
        As for `star_values`, with m_h_apogee; the engine's values of labelled stars are held out.
    engine : str
    feh : float
        The cluster's, dex. Labels within `_NEAR` of it count.
    members : pandas.Index
        source_id of stars that do not count.

    Returns
    -------
    offset, error : float
        Mean of engine minus label and its standard error, dex; NaN with fewer than `_LEAST_FIELD` spectra.
    """
    if "m_h_apogee" not in table:
        return np.nan, np.nan
    near = (table["m_h_apogee"] - feh).abs() <= _NEAR
    rows = table[near & (table["luminosity_class"] == "dM") & ~table["source_id"].isin(members)]
    off = (rows[f"m_h_{engine}"] - rows["m_h_apogee"]).dropna().to_numpy(dtype=float)
    if len(off) < _LEAST_FIELD:
        return np.nan, np.nan
    return float(off.mean()), float(off.std() / np.sqrt(len(off)))


def cluster_differences(
    stars: pd.DataFrame,
    clusters: pd.DataFrame,
    metallicities: pd.DataFrame,
    field=lambda feh, members: (np.nan, np.nan),
) -> pd.DataFrame:
    """Members minus their cluster's metallicity.

    Parameters
    ----------
    stars : pandas.DataFrame
        `star_values`.
    clusters, metallicities : pandas.DataFrame
        source_id and cluster; cluster, feh and feh_err (dex).
    field : callable
        Offset and error by metallicity and members (`field_offset`).

    Returns
    -------
    pandas.DataFrame
        name, difference and error (dex; the cluster's own error is no part of it), feh, feh_err, and field and
        field_err of the cluster.
    """
    members = clusters.dropna(subset="source_id").astype({"source_id": "int64"}).drop_duplicates("source_id")
    members = members.merge(stars, left_on="source_id", right_index=True).merge(metallicities, on="cluster")
    off = members["m_h"] - members["feh"]
    columns = {"name": members["cluster"], "difference": off, "error": members["error"], "feh": members["feh"]}
    ids = pd.Index(members["source_id"])
    offsets = {feh: field(feh, ids) for feh in members["feh"].unique()}
    ends = {name: members["feh"].map({feh: pair[k] for feh, pair in offsets.items()}) for k, name in enumerate(FIELD)}
    return pd.DataFrame(columns | {"feh_err": members["feh_err"].fillna(0.0)} | ends)


def group_rows(table: pd.DataFrame, engines: Sequence[str], groups: Mapping[str, pd.DataFrame], own: PairCriteria):
    """Differences of every engine, group and set of criteria.

    Parameters
    ----------
    table : pandas.DataFrame
        As for `star_values`.
    engines : sequence of str
        Those that measure [M/H].
    groups : mapping
        Of `read_groups`.
    own : PairCriteria
        Those of the config.

    Yields
    ------
    (engine, group, criteria), pandas.DataFrame
    """
    for engine in engines:
        stars = functools.cache(functools.partial(star_values, table, engine))
        for name, criteria in {**PAIR_CRITERIA, "config": own}.items():
            if "binaries" in groups:
                yield (engine, M_M, name), pair_differences(stars(criteria.snr_i_min), groups["binaries"], criteria)
            if "fgk_binaries" in groups:
                yield (
                    (engine, FGK_M, name),
                    primary_differences(stars(criteria.snr_i_min), groups["fgk_binaries"], criteria),
                )
        if "cluster_metallicities" in groups:
            field = functools.partial(field_offset, table, engine)
            found = cluster_differences(stars(None), groups["clusters"], groups["cluster_metallicities"], field)
            yield (engine, CLUSTER, "members"), found


def group_statistics(differences: Mapping[tuple[str, str, str], pd.DataFrame]) -> pd.DataFrame:
    """Offsets, scatter and normalised widths.

    Parameters
    ----------
    differences : mapping
        Of `group_rows`.

    Returns
    -------
    pandas.DataFrame
        `HEADS`. mean_err is the standard error of the mean, with the error of the cluster's own metallicity; width is
        the robust width of difference / error, 1 for honest errors; reference is the cluster's metallicity (dex); field
        is what the engine is off by for labelled dwarfs of that metallicity.
    """
    rows = []
    for (engine, group, criteria), table in differences.items():
        for name, part in table.groupby("name") if group == CLUSTER else [("", table)]:
            known = part[np.isfinite(part["difference"]) & np.isfinite(part["error"])]
            if len(known) < 3:
                continue
            off, pull = known["difference"].to_numpy(), (known["difference"] / known["error"]).to_numpy()
            sigma = mad_std(off)
            more = float(known["feh_err"].iloc[0]) if group == CLUSTER else 0.0
            error = np.hypot(max(sigma, float(known["error"].median())) / np.sqrt(len(off)), more)
            own = [float(known[name].iloc[0]) if group == CLUSTER else np.nan for name in ("feh", *FIELD)]
            width, beyond = mad_std(pull), float((np.abs(pull) > 3).mean())
            numbers = (off.mean(), error, off.std(), np.median(off), sigma, width, beyond, *own)
            rows.append((engine, group, name, criteria, len(off), *numbers))
    return pd.DataFrame(rows, columns=list(HEADS)).astype(HEADS)
