"""Tables of the page on engines: every pair, by S/N, where data are few, repeats, pairs and clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.labels import STELLAR_LABELS
from mstars.core.robust import MAD_STD_ERROR
from mstars.literature.engine_labels import Source
from mstars.paper.figures.engine_pairs import named
from mstars.paper.rendering import Table, number_text

_DIGITS = {"K": 0, "dex": 3}
_PLAIN = {label.name: label for label in STELLAR_LABELS}


def _number(value: float, label: str) -> str:
    return "" if not np.isfinite(value) else number_text(value, _DIGITS[_PLAIN[label].unit])


def _named(sources: Sequence[Source]) -> dict[str, str]:
    return {one.name: named(one) for one in sources}


def _interval(low: float, high: float) -> str:
    if np.isinf(low) or low == 0:
        return "all" if np.isinf(high) else f"to {high:g}"
    return f"above {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"


def pairs_table(statistics: pd.DataFrame, sources: Sequence[Source], survey: str) -> Table:
    """Every pair: offset first, scatter second, then the trends.

    Parameters
    ----------
    statistics : pandas.DataFrame
        `mstars.literature.engine_pairs.compare_sources`.
    sources : sequence of Source
    survey : str
    """
    names, rows = _named(sources), []
    for one in statistics[statistics["by"] == "all"].itertuples():
        numbers = [one.median, one.median_err, one.robust_std, one.mean, one.std, one.slope_teff, one.slope_m_h]
        head = (names[one.first], names[one.second], one.kind, _PLAIN[one.label].head, one.stars, one.n)
        rows.append([*head, *(_number(value, one.label) for value in numbers)])
    heads = ("first [scale]", "second [scale]", "class", "label", "stars", "n", "median", "its error", "robust scatter")
    heads += ("mean", "std", "slope per 1000 K", "slope per dex of [M/H]")
    notes = (
        "A difference is the first minus the second. The scale that each is on stands in brackets: an offset between "
        "two scales is no error of either.",
        "Stars: own, all spectra that both have; common, those that every engine with this label has.",
        "Values are recommended ones (parameter_flag 1); of labelled stars those of a model that has not seen them.",
    )
    return Table(f"Every pair of engines and catalogues, survey {survey}", heads, rows, notes)


def snr_table(statistics: pd.DataFrame, sources: Sequence[Source], survey: str) -> Table:
    """Robust scatter of each engine against each reference by S/N_i, on common stars."""
    names, references = _named(sources), [one.name for one in sources if one.kind == "reference"]
    chosen = statistics[statistics["second"].isin(references) & statistics["by"].isin(["snri", "all"])]
    rows = []
    keys = ["second", "kind", "label", "stars", "first"]
    for (second, kind, label, stars, first), part in chosen.groupby(keys, sort=False):
        by = {_interval(one.low, one.high): one for one in part.itertuples()}
        cells = [f"{_number(by[name].median, label)} ± {_number(by[name].robust_std, label)}" if name in by else ""
                 for name in ("all", "to 20", "20 to 50", "50 to 100", "above 100")]  # fmt: skip
        rows.append([names[first], names[second], kind, _PLAIN[label].head, stars, *cells])
    heads = ("engine [scale]", "minus", "class", "label", "stars", "all", "S/N_i to 20", "20 to 50", "50 to 100")
    notes = ("Median ± robust scatter.",)
    return Table(f"Engines by S/N, survey {survey}", (*heads, "above 100"), rows, notes)


def best_table(statistics: pd.DataFrame, sources: Sequence[Source], survey: str) -> Table:
    """Scatter of the combined estimate beside that of the best engine, by S/N, on common stars.

    Parameters
    ----------
    statistics : pandas.DataFrame
        `mstars.literature.engine_pairs.compare_sources`.
    sources : sequence of Source
    survey : str

    Returns
    -------
    Table
        Against the truth where the survey is simulated, else against APOGEE; no rows without the engine combined.
    """
    scales = {one.name: one.scale for one in sources if one.kind == "reference"}
    reference = next((name for name, scale in scales.items() if scale == "truth"), next(iter(scales), ""))
    chosen = statistics[(statistics["second"] == reference) & (statistics["stars"] == "common")]
    rows = []
    for (kind, label, low, high), part in chosen[chosen["by"].isin(["all", "snri"])].groupby(
        ["kind", "label", "low", "high"], sort=False
    ):
        scatter, n = part.set_index("first")["robust_std"], int(part["n"].max())
        others = scatter.drop("combined", errors="ignore")
        if "combined" not in scatter or not len(others):
            continue
        best, own = others.idxmin(), scatter["combined"]
        limit = 1 + 2 * MAD_STD_ERROR / np.sqrt(n)
        numbers = [_number(own, label), best, _number(others[best], label)]
        ratios = [number_text(value, 2) for value in (own / others[best], limit)]
        rows.append([kind, _PLAIN[label].head, _interval(low, high), n, *numbers, *ratios])
    heads = ("class", "label", "S/N_i", "n", "combined", "best engine", "its scatter", "ratio", "limit")
    notes = ("Robust scatter. The limit is 1 and two standard errors of a robust scatter of so many stars.",)
    return Table(f"The combined estimate beside the best engine, survey {survey}", heads, rows, notes)


def regions_table(statistics: pd.DataFrame, sources: Sequence[Source], survey: str) -> Table:
    """Bias of each engine where training data are few."""
    names, rows = _named(sources), []
    for one in statistics[statistics["by"] == "region"].itertuples():
        region = f"{_PLAIN[one.label].plain} {_interval(one.low, one.high)}"
        numbers = [_number(value, one.label) for value in (one.mean, one.median, one.median_err, one.robust_std)]
        rows.append([names[one.first], names[one.second], one.kind, region, one.stars, one.n, *numbers])
    heads = ("engine [scale]", "minus", "class", "where the reference has", "stars", "n", "mean", "median", "its error")
    notes = (
        "The regions are those of section 5 of Li et al. 2025, which finds +0.1 dex for metal-poor dwarfs and -0.1 and "
        "-0.08 dex for alpha-rich dwarfs and giants. Labelled stars are held out.",
    )
    return Table(f"Where data are few, survey {survey}", (*heads, "robust scatter"), rows, notes)


def repeats_table(fits: pd.DataFrame, survey: str) -> Table:
    """a / (S/N) + b of each engine's repeats (`mstars.paper.figures.engine_diagrams.precision_of`)."""
    rows = [
        [one.engine, one.kind, _PLAIN[one.label].head, one.n]
        + [_number(value, one.label) for value in (one.a, one.a_err, one.b, one.b_err)]
        for one in fits[np.isfinite(fits["a"])].itertuples()
    ]
    heads = ("engine", "class", "label", "pairs", "a", "its error", "b", "its error")
    return Table(f"Scatter of repeats, a / (S/N_i) + b, survey {survey}", heads, rows)


def groups_table(groups: pd.DataFrame, survey: str) -> Table:
    """Wide pairs and clusters (`mstars.literature.engine_groups.group_statistics`)."""
    rows = [
        [one.engine, one.group, one.name or one.criteria, one.n]
        + [_number(value, "m_h") for value in (one.mean, one.mean_err, one.std, one.robust_std)]
        + ["" if not np.isfinite(value) else number_text(value, 2) for value in (one.width, one.beyond_3_sigma)]
        + [_number(one.reference, "m_h"), _number(one.field, "m_h"), *_in_errors(one)]
        for one in groups.itertuples(index=False)
    ]
    heads = ("engine", "group", "criteria or cluster", "n", "mean", "its error", "std", "robust scatter", "width")
    notes = (
        "[M/H] of the first minus the second component, of the M dwarf minus its primary, of the members minus their "
        "cluster; dex. Width: robust width of difference over error, 1 for honest errors.",
        "Criteria are those of the papers' own comparisons, and config: the keys of compare.pairs.",
        "Field: what the engine is off by for labelled dwarfs within 0.1 dex of the cluster's metallicity, held out. "
        "All members are off by it, so it does not average out. The last column is the mean less it, over the error.",
    )
    heads += ("beyond 3 sigma", "reference", "field", "less field, in errors")
    return Table(f"Wide pairs and clusters, survey {survey}", heads, rows, notes)


def _in_errors(one) -> list[str]:
    off = (one.mean - one.field) / np.hypot(one.mean_err, one.field_err)
    return ["" if not np.isfinite(off) else number_text(off, 1)]


def scales_table(scales: Mapping, survey: str) -> Table:
    """Maps of `mstars.literature.engine_scales.fit_scales`."""
    rows = []
    for engine, kinds in scales["maps"].items():
        for kind, found in kinds.items():
            if found is None:
                rows.append([engine, kind, "all", "", "is on this scale already", "", "", "", ""])
                continue
            for label, one in found["maps"].items():
                slopes = dict(zip(one["axes"], one["coefficients"][1:], strict=True))
                error = _number(float(np.sqrt(one["covariance"][0][0])), label)
                numbers = [_number(slopes.get(axis, np.nan), label) for axis in ("teff", "m_h")]
                text = [_number(one["coefficients"][0], label), error, *numbers]
                rows.append([engine, kind, _PLAIN[label].head, one["n"], *text, _number(one["scatter"], label)])
    heads = ("engine", "class", "label", "stars", "offset", "its error", "slope per 1000 K", "slope per dex of [M/H]")
    notes = (
        "The offset is at Teff 3600 K and [M/H] -0.1. catalogs/engines has both values.",
        *(f"No map: {text}." for text in scales["left_out"]),
    )
    return Table(f"Maps to the scale {scales['scale']}, survey {survey}", (*heads, "scatter"), rows, notes)
