"""Ranges in which parameters are recommended (Table 10), as printed or recomputed from reliable members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.config.parameters import Quality
from mstars.core.labels import LABELS
from mstars.sky.aspcap_class import aspcap_kind

TABLE_10 = {
    "dM": {"teff": (3225.0, 4125.0), "logg": (4.35, 5.45), "m_h": (-0.85, 0.35), "alpha_m": (-0.13, 0.25)},
    "gM": {"teff": (3425.0, 4075.0), "logg": (-0.05, 1.55), "m_h": (-1.35, 0.45), "alpha_m": (-0.03, 0.31)},
}
"""Table 10: limits (inclusive), K and dex."""

STEP = {"teff": 50.0, "logg": 0.1, "m_h": 0.1, "alpha_m": 0.02}
"""Bins of `recompute_ranges`, centred on multiples. Every limit of Table 10 is an edge of such a bin, which suggests
that the paper read its ranges off histograms; how many members a bin needs is not published."""


def inside_ranges(table: pd.DataFrame, ranges: Mapping, labels: Sequence[str] = LABELS) -> pd.DataFrame:
    """Which labels lie within the limits of the row's class (Table 10).

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: luminosity_class and the labels.
    ranges : mapping
        Class to label to (lower, upper).
    labels : sequence of str

    Returns
    -------
    pandas.DataFrame of bool
        n rows, one column a label.
    """
    inside = pd.DataFrame(False, index=table.index, columns=list(labels))
    for kind, limits in ranges.items():
        rows = table["luminosity_class"] == kind
        for label, (lower, upper) in limits.items():
            inside.loc[rows, label] = table.loc[rows, label].between(lower, upper)
    return inside


def reliable_members(table: pd.DataFrame) -> np.ndarray:
    """Members of the training set with trustworthy parameters (section 4.1).

    Parameters
    ----------
    table : pandas.DataFrame
        Training members: passed (Eq. 4), snr_u to snr_z, luminosity_class, ASPCAP_CLASS, CMD_pos.

    Returns
    -------
    ndarray of bool, [n]
    """
    positive = np.logical_and.reduce([table[f"snr_{band}"].to_numpy(dtype=float) > 0 for band in "urgz"])
    bright = table["snr_i"].to_numpy(dtype=float) > 20
    kind = table["luminosity_class"].fillna("").to_numpy(dtype=str)
    cmd = table["CMD_pos"].fillna("").to_numpy(dtype=str)
    return table["passed"].to_numpy(dtype=bool) & positive & bright & (kind == cmd) & (aspcap_kind(table) == kind)


def recompute_ranges(
    members: pd.DataFrame,
    *,
    min_members: int = Quality.default("range_min_members"),
    published: Mapping = TABLE_10,
) -> dict:
    """Table 10 from reliable members: the outer edges of the bins that hold at least ``min_members``.

    Parameters
    ----------
    members : pandas.DataFrame
        Reliable members: luminosity_class and the labels.
    min_members : int
        Members a bin of `STEP` needs.
    published : mapping
        The engine's ranges, as `TABLE_10`.

    Returns
    -------
    dict
        As `TABLE_10`; a class or label without such a bin keeps the published limits.
    """
    ranges: dict = {}
    for kind, printed in published.items():
        rows = members[members["luminosity_class"] == kind]
        ranges[kind] = {}
        for label in printed:
            step = STEP[label]
            values = rows[label].to_numpy(dtype=float)
            number, count = np.unique(np.round(values[np.isfinite(values)] / step), return_counts=True)
            full = number[count >= min_members]
            if len(full) == 0:
                ranges[kind][label] = printed[label]
            else:
                limits = (full.min() - 0.5) * step, (full.max() + 0.5) * step
                ranges[kind][label] = tuple(round(float(limit), 6) for limit in limits)
    return ranges
