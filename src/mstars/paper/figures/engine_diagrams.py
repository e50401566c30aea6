"""What engines make of the same stars: Kiel, H-R and colour diagrams, repeats, wide pairs and clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS
from mstars.core.robust import mad_std
from mstars.literature.engine_groups import CLUSTER, FGK_M, M_M
from mstars.literature.engine_labels import APOGEE, Source
from mstars.paper.figures.colours import BLACK, BLUE, GREY
from mstars.paper.figures.engine_pairs import named, style_of
from mstars.paper.figures.sequences import ISOCHRONE_DASHES
from mstars.paper.figures.style import (
    PAGE_WIDTH,
    WHITE,
    axis_label,
    new_figure,
    no_data,
    note,
    span,
    styled,
)
from mstars.parameters.precision import fit_precision
from mstars.survey.repeats import binned_scatter, repeat_pairs

DIAGRAMS = {
    "Kiel": ("teff", "logg", (4600.0, 2800.0), (5.7, -0.8)),
    "HR": ("teff", "M_G_0", (4600.0, 2800.0), (14.5, -3.5)),
    "colour": ("bp_rp_0", "teff", (1.2, 4.0), (2800.0, 4600.0)),
}
"""Of each diagram the columns of x and y, and their limits."""

_LABELS = {"M_G_0": r"$M_{G,0}$ (mag)", "bp_rp_0": r"$(G_{\rm BP}-G_{\rm RP})_0$ (mag)"}
_MOST = 12_000


@styled
def draw_diagrams(table: pd.DataFrame, sources: Sequence[Source], isochrones: Sequence[pd.DataFrame] = ()) -> Figure:
    """Kiel, Hertzsprung-Russell and colour diagrams, a column a source, coloured by its own [M/H].

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.literature.engine_labels.labels_side_by_side` with bp_rp_0, M_G_0 and CMD_flag.
    sources : sequence of Source
        Engines and APOGEE are shown.
    isochrones : sequence of pandas.DataFrame
        `mstars.paper.isochrones.pick`; drawn in the Kiel diagrams.
    """
    shown = [one for one in sources if one.kind == "engine" or one.name == APOGEE]
    figure = new_figure(PAGE_WIDTH, 6.6)
    panels = figure.subplots(len(DIAGRAMS), len(shown), squeeze=False, sharey="row", sharex="row")
    artist, ends = None, span(*(table[f"m_h_{one.name}"] for one in shown if f"m_h_{one.name}" in table), share=0.03)
    for row, (name, (x, y, x_ends, y_ends)) in zip(panels, DIAGRAMS.items(), strict=True):
        for axes, source in zip(row, shown, strict=True):
            points = _points(table, source.name, x, y)
            axes.set(xlim=x_ends, ylim=y_ends)
            axes.tick_params(labelsize=6)
            if not len(points):
                no_data(axes, f"{source.title} has\nno log g" if y == "logg" else "no spectrum", keep_ticks=True)
                continue
            style = {"s": 1.6, "cmap": "viridis", "vmin": ends[0], "vmax": ends[1], "linewidths": 0, "rasterized": True}
            artist = axes.scatter(points[x], points[y], c=points["m_h"], **style)
            note(axes, f"n = {len(points)}", "lower left" if name == "Kiel" else "lower right", fontsize=5, bbox=WHITE)
            if name == "Kiel":
                for dash, line in zip(ISOCHRONE_DASHES, isochrones, strict=False):
                    axes.plot(line["teff"], line["logg"], color=BLACK, ls=dash, lw=0.5)
        row[0].set_ylabel(_axis(y))
        row[len(row) // 2].set_xlabel(_axis(x))  # once for all: labels of many columns would meet
    for axes, source in zip(panels[0], shown, strict=True):
        axes.set_title(named(source).replace(" [", "\n["), fontsize=7)
    if artist is not None:
        figure.colorbar(artist, ax=panels, label=axis_label("m_h", suffix=" of the source"), fraction=0.02, pad=0.01)
    handles = [
        Line2D([], [], color=BLACK, ls=dash, lw=0.6, label=f"PARSEC 9 Gyr, [M/H] = {line.attrs['m_h']:+.1f}")
        for dash, line in zip(ISOCHRONE_DASHES, isochrones, strict=False)
    ]
    if handles:
        figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=6)
    return figure


def _axis(name: str) -> str:
    return _LABELS.get(name) or axis_label(name)


def _points(table: pd.DataFrame, source: str, x: str, y: str) -> pd.DataFrame:
    """Points of a source; of a long table a part that is spread evenly, the metal-poor on top."""
    columns = {"m_h": f"m_h_{source}"} | {name: f"{name}_{source}" if name in LABELS else name for name in (x, y)}
    if not {*columns.values()} <= {*table}:
        return pd.DataFrame(columns=list(columns))
    rows = table[(table["CMD_flag"] == 1).fillna(False).to_numpy(bool)] if {x, y} & {"M_G_0", "bp_rp_0"} else table
    values = {name: rows[column].to_numpy(dtype=float, na_value=np.nan) for name, column in columns.items()}
    points = pd.DataFrame(values).dropna()
    points = points.iloc[:: max(1, len(points) // _MOST)]
    return points.sort_values("m_h", ascending=False, kind="stable")


def repeats_of(table: pd.DataFrame, engine: str, label: str) -> pd.DataFrame:
    """Pairs of spectra of a star, as `mstars.survey.repeats.repeat_pairs`, by an engine."""
    columns = ["star_id", "spectrum_key", "luminosity_class"]
    rows = table[columns].assign(snr_i=table["snri"], parameter_flag=1, **{label: table[f"{label}_{engine}"]})
    return repeat_pairs(rows, label)


def precision_of(table: pd.DataFrame, engines: Sequence[str]) -> pd.DataFrame:
    """a / (S/N) + b of each engine's repeats.

    Parameters
    ----------
    table : pandas.DataFrame
        As for `draw_diagrams`.
    engines : sequence of str

    Returns
    -------
    pandas.DataFrame
        engine, label, kind; a, a_err, b, b_err (K, dex), n (pairs), outliers.
    """
    rows = []
    for engine in engines:
        for label in [label for label in LABELS if f"{label}_{engine}" in table]:
            pairs = repeats_of(table, engine, label)
            for kind in LUMINOSITY_CLASSES:
                own = pairs[pairs["luminosity_class"] == kind]
                fit = fit_precision(own["snr_1"], own["snr_2"], own["difference"])
                rows.append({"engine": engine, "label": label, "kind": kind, **fit})
    return pd.DataFrame(rows, columns=["engine", "label", "kind", "a", "a_err", "b", "b_err", "n", "outliers"])


@styled
def draw_repeats(table: pd.DataFrame, sources: Sequence[Source], fits: pd.DataFrame) -> Figure:
    """Scatter of repeats against S/N of every engine, with the fit a / (S/N) + b.

    Parameters
    ----------
    table, sources
        As for `draw_diagrams`.
    fits : pandas.DataFrame
        `precision_of`.
    """
    engines = [one for one in sources if one.kind == "engine"]
    figure = new_figure(PAGE_WIDTH, 6.4)
    panels, with_pairs = figure.subplots(len(LABELS), 2, squeeze=False, sharex=True), set()
    for row, label in zip(panels, LABELS, strict=True):
        pairs = {one.name: repeats_of(table, one.name, label) for one in engines if f"{label}_{one.name}" in table}
        for axes, kind in zip(row, LUMINOSITY_CLASSES, strict=True):
            lines = []
            for number, engine in enumerate(engines):
                if engine.name not in pairs:
                    continue
                own = pairs[engine.name][pairs[engine.name]["luminosity_class"] == kind]
                binned = binned_scatter(own)
                if len(binned):
                    with_pairs.add(number)
                style = style_of(number) | {"ms": 2.5, "ls": "", "elinewidth": 0.6}
                axes.errorbar(binned["snr"], binned["sigma"], yerr=binned["error"], **style)
                fit = fits[(fits["engine"] == engine.name) & (fits["label"] == label) & (fits["kind"] == kind)]
                for one in fit[np.isfinite(fit["a"])].itertuples():
                    snr = own[["snr_1", "snr_2"]].to_numpy(dtype=float)
                    at = np.geomspace(*np.nanquantile(snr, [0.05, 0.95]), 60)  # no further than the pairs go
                    axes.plot(at, one.a / at + one.b, color=style["color"], lw=0.8)
                    with_pairs.add(number)
                    lines.append(f"{engine.title}: {_short(one.a)} / (S/N) + {_short(one.b)}, {one.n} pairs")
            axes.set_xscale("log")
            axes.set_xticks([10, 20, 50, 100, 200], ["10", "20", "50", "100", "200"])
            axes.tick_params(axis="x", which="minor", labelbottom=False)
            axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
            note(axes, "\n".join(lines) or f"too few pairs of {kind}", "upper right", fontsize=5.5)
        row[0].set_ylabel(axis_label(label, r"$\sigma$ of "), fontsize=7)
    for axes, kind in zip(panels[0], LUMINOSITY_CLASSES, strict=True):
        axes.set_title(kind)
    for axes in panels[-1]:
        axes.set_xlabel(axis_label("snr_i"))
    handles = [Line2D([], [], ms=3, label=engines[one].title, **style_of(one)) for one in sorted(with_pairs)]
    if handles:
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _short(value: float) -> str:
    return "0" if value < 5e-4 else f"{value:.0f}" if value >= 100 else f"{value:.3g}"


@styled
def draw_groups(
    differences: Mapping[tuple[str, str, str], pd.DataFrame], sources: Sequence[Source], criteria: str
) -> Figure:
    """[M/H] of wide pairs, of M dwarfs with warmer primaries and of clusters, by each engine.

    Parameters
    ----------
    differences : mapping
        `mstars.literature.engine_groups.group_rows`.
    sources : sequence of Source
    criteria : str
        Whose criteria the pairs meet.
    """
    engines = [one for one in sources if one.kind == "engine" and any(key[0] == one.name for key in differences)]
    figure = new_figure(PAGE_WIDTH, 6.2)
    panels = figure.subplots(3, max(len(engines), 1), squeeze=False, sharey="row")
    if not engines:
        for axes in panels[:, 0]:
            no_data(axes, "no binaries or clusters: compare.binaries, compare.clusters")
        return figure
    for column, engine in enumerate(engines):
        for axes, group in zip(panels[:2, column], (M_M, FGK_M), strict=True):
            _normalised(axes, differences.get((engine.name, group, criteria)), style_of(column)["color"])
            axes.set_xlabel(rf"{group}: $\Delta$[M/H] / $\sigma$", fontsize=7)
        _cluster_panel(panels[2, column], differences.get((engine.name, CLUSTER, "members")))
        panels[0, column].set_title(named(engine), fontsize=7)
    ends = (min(axes.get_xlim()[0] for axes in panels[2]), max(axes.get_xlim()[1] for axes in panels[2]))
    for axes in panels[2]:
        axes.set(xlim=ends, ylim=ends)
    for axes in panels[:2, 0]:
        axes.set_ylabel("density")
    panels[2, 0].set_ylabel("mean [M/H] of members (dex)", fontsize=7)
    title = f"criteria of pairs: {criteria}; lines: Gaussians of width 1 (solid) and of the robust width (dashed)"
    title += "\nclusters: open points are less what labelled dwarfs of that metallicity are off by"
    figure.suptitle(title, fontsize=7)
    return figure


def _normalised(axes, table: pd.DataFrame | None, color: str) -> None:
    pull = np.zeros(0) if table is None else (table["difference"] / table["error"]).dropna().to_numpy(dtype=float)
    if len(pull) < 3:
        no_data(axes, "no pairs within the criteria")
        return
    width = mad_std(pull)
    at = np.linspace(-5, 5, 200)
    axes.hist(np.clip(pull, -4.9, 4.9), bins=np.arange(-5, 5.1, 0.5), density=True, color=color, alpha=0.5)
    for sigma, dash in ((1.0, "-"), (max(width, 0.05), "--")):
        axes.plot(at, np.exp(-0.5 * (at / sigma) ** 2) / sigma / np.sqrt(2 * np.pi), color=BLACK, lw=0.7, ls=dash)
    off = table["difference"].dropna()
    text = f"n = {len(pull)}\n$\\mu$ = {off.mean():+.2f} dex\n$\\sigma$ = {off.std():.2f} dex\nwidth {width:.2f}"
    note(axes, text, fontsize=5.5, bbox=WHITE)
    axes.set(xlim=(-5, 5))


def _cluster_panel(axes, table: pd.DataFrame | None) -> None:
    axes.set_xlabel("cluster [Fe/H] (dex)", fontsize=7)
    if table is None or not len(table):
        no_data(axes, "no cluster members")
        return
    groups = table.groupby("name")
    mean = groups["difference"].mean() + groups["feh"].first()
    error = groups["difference"].std().fillna(0) / np.sqrt(groups.size())
    feh, feh_err = groups["feh"].first(), groups["feh_err"].first()
    axes.errorbar(feh, mean, xerr=feh_err, yerr=error, fmt="o", ms=2.5, lw=0.7, color=BLUE)
    if "field" in table:
        axes.plot(feh, mean - groups["field"].first(), "o", ms=3.5, mfc="none", mew=0.6, color=GREY)
    ends = span(feh, mean - error, mean + error, share=0, margin=0.5)
    axes.set_box_aspect(1)
    axes.axline((0, 0), slope=1, color=BLACK, lw=0.6)
    axes.set(xlim=ends, ylim=ends)
    for number, name in enumerate(feh.sort_values().index):
        # the last has no room to its right; neighbours stand on different sides
        right = (len(feh) - number) % 2 == 0
        side = {"xytext": (4, -8), "ha": "left"} if right else {"xytext": (-4, 5), "ha": "right"}
        place = (feh[name], mean[name])
        text = f"{name} ({groups.size()[name]})"
        axes.annotate(text, place, fontsize=5, color=GREY, textcoords="offset points", **side)
