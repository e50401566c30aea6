"""Every pair of sources of labels: offsets, scatter and trends, on common stars and on each pair's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS
from mstars.core.robust import MEDIAN_ERROR, SIGMA_PER_MAD, mad_std
from mstars.core.snr import SNR_I_INTERVALS
from mstars.literature.criteria import BIASES
from mstars.literature.engine_labels import Source

AXES = {
    "snri": [low for low, _ in SNR_I_INTERVALS] + [np.inf],
    "teff": [-np.inf, *np.arange(3000.0, 4201.0, 200.0), np.inf],
    "m_h": [-np.inf, *np.round(np.arange(-1.0, 0.41, 0.2), 1), np.inf],
}
"""Edges of the intervals of S/N_i, Teff (K) and [M/H] (dex)."""

SLOPES = {"teff": 1000.0, "m_h": 1.0}
"""Trends are fitted with these; a slope is per so many K or dex."""

LEAST = 10
"""Spectra that a row needs."""

_CLIP = 5.0
_NUMBERS = ("mean", "std", "median", "median_err", "robust_std")
HEADS = {
    **dict.fromkeys(("first", "second", "first_scale", "second_scale", "kind", "label", "stars", "by"), "str"),
    **dict.fromkeys(("low", "high"), "float64"),
    "n": "int64",
    **dict.fromkeys(_NUMBERS, "float64"),
    **dict.fromkeys([f"slope_{axis}{end}" for axis in SLOPES for end in ("", "_err")], "float64"),
}
"""Columns of compare/engines.parquet and their types."""


def compare_sources(table: pd.DataFrame, sources: Sequence[Source]) -> pd.DataFrame:
    """Offsets, scatter and trends of every pair with an engine.

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.literature.engine_labels.labels_side_by_side`: luminosity_class, snri, ``{label}_{source}``.
    sources : sequence of Source

    Returns
    -------
    pandas.DataFrame
        A row a pair, class, label, sample and interval, with `HEADS`. A difference is the first minus the second.
        ``stars``: own (all spectra that both have) or common (of these the ones that each engine with this label has).
        ``by``: all, snri, teff, m_h, or region (where training data are few: `mstars.literature.criteria.BIASES`, of
        the reference's label); low and high are the interval, the upper limit included. Teff and [M/H] of an interval
        are the means of the two sources, where both have them: an interval of one source's own label would select by
        its error. median_err is the standard error of the median; slopes are of a straight line, per `SLOPES`.
    """
    rows: list[tuple] = []
    snr = table["snri"].to_numpy(dtype=float)
    for kind in LUMINOSITY_CLASSES:
        of_kind = np.flatnonzero((table["luminosity_class"] == kind).to_numpy())
        values = {}
        for source in sources:
            for label in LABELS:
                if f"{label}_{source.name}" in table:
                    values[label, source.name] = table[f"{label}_{source.name}"].to_numpy(dtype=float)[of_kind]
        common = {label: _all_have(values, label, sources) for label in LABELS}
        for one, two in _pairs(sources):
            for label in LABELS:
                head = (one.name, two.name, one.scale, two.scale, kind, label)
                if (label, one.name) in values and (label, two.name) in values:
                    rows += _rows(head, one, two, values, snr[of_kind], common[label])
    return pd.DataFrame(rows, columns=list(HEADS)).astype(HEADS)


def _pairs(sources: Sequence[Source]) -> Iterator[tuple[Source, Source]]:
    """Each engine with the sources behind it."""
    for number, one in enumerate(sources):
        if one.kind == "engine":
            yield from ((one, two) for two in sources[number + 1 :])


def _all_have(values: dict, label: str, sources: Sequence[Source]) -> np.ndarray:
    """Spectra of which each engine that measures the label at all has it."""
    own = [
        np.isfinite(values[label, one.name]) for one in sources if one.kind == "engine" and (label, one.name) in values
    ]
    own = [known for known in own if known.any()]
    return np.logical_and.reduce(own) if own else np.zeros(0, bool)


def _rows(head: tuple, one: Source, two: Source, values: dict, snr: np.ndarray, common: np.ndarray) -> Iterator[tuple]:
    label = head[-1]
    off = values[label, one.name] - values[label, two.name]
    known = np.isfinite(off)
    places = {"snri": snr}
    for axis in SLOPES:
        both = [values[axis, source.name] for source in (one, two) if (axis, source.name) in values]
        places[axis] = np.mean(both, axis=0) if both else np.full(len(off), np.nan)
    for stars, chosen in (("own", known), ("common", known & common)):
        if chosen.sum() < LEAST:
            continue
        inside = {name: place[chosen] for name, place in places.items()}
        yield from _of_sample((*head, stars), off[chosen], inside)
        if two.kind == "reference":
            for kind, region, low, high in BIASES.values():
                if (kind, region) == (head[4], label):
                    theirs = values[label, two.name][chosen]
                    rare = off[chosen][(theirs > low) & (theirs < high)]
                    yield from _row((*head, stars, "region", low, high), rare)


def _of_sample(head: tuple, off: np.ndarray, places: dict[str, np.ndarray]) -> Iterator[tuple]:
    yield from _row((*head, "all", -np.inf, np.inf), off, _slopes(off, places))
    for axis, edges in AXES.items():
        number = np.searchsorted(edges, places[axis], side="left") - 1
        number[~np.isfinite(places[axis])] = -1
        order = np.argsort(number, kind="stable")
        ends = np.searchsorted(number[order], np.arange(len(edges)))
        for k in range(len(edges) - 1):
            yield from _row((*head, axis, edges[k], edges[k + 1]), off[order[ends[k] : ends[k + 1]]])


def _row(head: tuple, off: np.ndarray, slopes: tuple = (np.nan,) * (2 * len(SLOPES))) -> list[tuple]:
    n = len(off)
    if n < LEAST:
        return []
    middle = np.median(off)
    scatter = mad_std(off, middle)
    return [(*head, n, off.mean(), off.std(), middle, MEDIAN_ERROR * scatter / np.sqrt(n), scatter, *slopes)]


def _slopes(off: np.ndarray, places: dict[str, np.ndarray]) -> tuple[float, ...]:
    """A straight line through the differences against each of `SLOPES`, and its error; outliers count as 5 sigma."""
    middle = np.median(off)
    limit = _CLIP * SIGMA_PER_MAD * np.median(np.abs(off - middle))
    found: list[float] = []
    for axis, unit in SLOPES.items():
        good = np.isfinite(places[axis])
        x, y = places[axis][good] / unit, np.clip(off[good], middle - limit, middle + limit)
        n, spread = good.sum(), x.var() if good.any() else 0.0
        if n < LEAST or spread <= 0:
            found += [np.nan, np.nan]
            continue
        slope = ((x - x.mean()) * (y - y.mean())).mean() / spread
        rest = y - y.mean() - slope * (x - x.mean())
        found += [slope, np.sqrt((rest**2).sum() / (n - 2) / (n * spread))]
    return tuple(found)
