"""Comparisons with Gaia's velocities, between classes, and within wide binaries and clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.snr import SNR_I_LIMITS
from mstars.files.external_tables import Column, read_external
from mstars.literature.catalogues import SNR_NAMES, all_statistics, moments
from mstars.literature.criteria import CHANCE_MAX, good_spectra

SHARED_BY_GROUPS = ("rv", "m_h", "alpha_m")
"""Quantities that the components of a binary, or the members of a cluster, have in common."""

SOURCES_OF_PAIR = (Column("source_id1", ("Source1",), "id"), Column("source_id2", ("Source2",), "id"))
CHANCE = Column("R_chance_align", ("R",), required=False)
_BINARIES = (*SOURCES_OF_PAIR, CHANCE)
CLUSTERS = (Column("source_id", ("Source",), "id"), Column("cluster", (), "str"))


def velocity_statistics(velocities: pd.DataFrame) -> pd.DataFrame:
    """Recommended and LAMOST's velocities minus Gaia's, for good and for poor spectra, by S/N_i (section 4.2.1).

    Parameters
    ----------
    velocities : pandas.DataFrame
        From `mstars.literature.criteria.gaia_velocities`.

    Returns
    -------
    pandas.DataFrame
        As `mstars.literature.catalogues.statistics`, km/s. catalog is 'gaia', kind 'high quality' or 'low quality'.
    """
    edges, names = (0.0, 10.0, *SNR_I_LIMITS, np.inf), ("0-10", "10-20", *SNR_NAMES)
    rows = []
    for good, kind in ((True, "high quality"), (False, "low quality")):
        table = velocities[velocities["good"] == good]
        interval = np.searchsorted(edges, table["snr_i"].to_numpy(float))
        for pair, column in (("this-gaia", "rv"), ("lamost-gaia", "lamost_rv")):
            off = (table[column].astype(float) - table["gaia_rv"]).to_numpy(float)
            for number, snr in enumerate(("all", *names)):
                chosen = off if number == 0 else off[interval == number]
                rows += _row("gaia", kind, pair, "rv", snr, chosen)
    return all_statistics([pd.DataFrame(rows)])


def class_agreement(catalog: pd.DataFrame, m_catalog: pd.DataFrame) -> pd.DataFrame:
    """How often LAMOST, DGCM and the CMD say dM or gM (section 4.2).

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue.
    m_catalog : pandas.DataFrame
        spectrum_key, lamost_class.

    Returns
    -------
    pandas.DataFrame
        lamost, dgcm, cmd (dM, gM, other, or '' where unknown); spectra and good_spectra, counts; agree, whether all
        three say the same.
    """
    table = catalog[["spectrum_key", "luminosity_class", "CMD_pos"]].assign(good=good_spectra(catalog))
    table = table.merge(m_catalog[["spectrum_key", "lamost_class"]], on="spectrum_key", how="left")
    table = table.rename(columns={"lamost_class": "lamost", "luminosity_class": "dgcm", "CMD_pos": "cmd"})
    group = table.fillna({"lamost": "", "cmd": ""}).groupby(["lamost", "dgcm", "cmd"], sort=True)
    found = pd.DataFrame({"spectra": group.size(), "good_spectra": group["good"].sum().astype("int64")}).reset_index()
    return found.assign(agree=(found["lamost"] == found["dgcm"]) & (found["dgcm"] == found["cmd"]))


def read_binaries(path: str | Path) -> pd.DataFrame:
    """Wide binaries: source_id1 and source_id2 (Gaia DR3). Likely chance alignments are left out.

    Parameters
    ----------
    path : str or Path
        A table of a format of `mstars.files.table_formats`. Where there is a column R_chance_align, it must be below
        `CHANCE_MAX`.

    Raises
    ------
    InputError
        The table can't be read or lacks a column.
    """
    table = read_external(path, _BINARIES, "compare.binaries")
    chance = table.pop(_BINARIES[-1].name)
    return table[~(chance >= CHANCE_MAX) & table.notna().all(axis=1)].astype("int64")


def read_clusters(path: str | Path) -> pd.DataFrame:
    """Cluster members: source_id (Gaia DR3) and cluster, one row a star.

    Raises
    ------
    InputError
        The table can't be read or lacks a column.
    """
    table = read_external(path, CLUSTERS, "compare.clusters")
    return table[table["source_id"].notna()].astype({"source_id": "int64"}).drop_duplicates("source_id")


def binary_statistics(stars: pd.DataFrame, binaries: pd.DataFrame) -> pd.DataFrame:
    """Differences between the two components of wide binaries of which the catalogue has both.

    Parameters
    ----------
    stars : pandas.DataFrame
        A row a star: source_id, luminosity_class, and `SHARED_BY_GROUPS` (km/s, dex).
    binaries : pandas.DataFrame
        From `read_binaries`.

    Returns
    -------
    pandas.DataFrame
        As `mstars.literature.catalogues.statistics`. catalog is 'wide binaries', pair 'first-second'. The dispersion of
        one star is smaller by the square root of 2.
    """
    own = _by_source(stars)
    both = binaries.merge(own.add_suffix("_1"), left_on="source_id1", right_index=True)
    both = both.merge(own.add_suffix("_2"), left_on="source_id2", right_index=True)
    kinds = both["luminosity_class_1"].astype(str) + "-" + both["luminosity_class_2"].astype(str)
    rows = []
    for kind, pairs in both.groupby(kinds):
        for label in SHARED_BY_GROUPS:
            off = (pairs[f"{label}_1"] - pairs[f"{label}_2"]).to_numpy(float)
            rows += _row("wide binaries", kind, "first-second", label, "all", off)
    return all_statistics([pd.DataFrame(rows)])


def cluster_statistics(stars: pd.DataFrame, clusters: pd.DataFrame, least: int = 3) -> pd.DataFrame:
    """Differences between members of a cluster and the cluster's median.

    Parameters
    ----------
    stars : pandas.DataFrame
        As for `binary_statistics`.
    clusters : pandas.DataFrame
        From `read_clusters`.
    least : int
        Members of a class that a cluster must have.

    Returns
    -------
    pandas.DataFrame
        As `mstars.literature.catalogues.statistics`. catalog is the cluster's name, pair 'member-median'.
    """
    members = clusters.merge(_by_source(stars), left_on="source_id", right_index=True)
    rows = []
    for (name, kind), table in members.groupby(["cluster", "luminosity_class"]):
        for label in SHARED_BY_GROUPS:
            values = table[label].to_numpy(float)
            values = values[np.isfinite(values)]
            if len(values) >= least:
                rows += _row(name, kind, "member-median", label, "all", values - np.median(values))
    return all_statistics([pd.DataFrame(rows)])


def _by_source(stars: pd.DataFrame) -> pd.DataFrame:
    known = stars[stars["source_id"].notna()].drop_duplicates("source_id")
    table = known[["luminosity_class", *SHARED_BY_GROUPS]].astype(dict.fromkeys(SHARED_BY_GROUPS, float))
    return table.set_axis(known["source_id"].astype("int64").to_numpy(), axis=0)


def _row(catalog: str, kind: str, pair: str, label: str, snr: str, values: np.ndarray) -> list[dict]:
    values = values[np.isfinite(values)]
    if not len(values):
        return []
    return [{"catalog": catalog, "kind": kind, "pair": pair, "label": label, "snr": snr, **moments(values)}]
