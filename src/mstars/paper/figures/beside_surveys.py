"""Cycle-StarNet beside Gaia, literature, other works and wide binaries (Zhang et al. 2025, Figures 4, 14, 16 to 18)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.robust import mad_std
from mstars.engines.csn.info import INFO
from mstars.files.tables import read_table
from mstars.literature.criteria import good_gaia_velocity
from mstars.literature.engine_groups import FGK_M
from mstars.literature.engine_labels import Source, read_sources
from mstars.paper.figures.colours import BLUE, GREEN, ORANGE, PURPLE, RED
from mstars.paper.figures.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    WHITE,
    axis_label,
    density,
    new_figure,
    no_data,
    note,
    one_to_one,
    span,
    styled,
)

SURVEYS = {"ULySS": ("ding2022",), "SLAM": ("slam", "li2021"), "LASPM": ("laspm",)}
"""Works of section 5.3, and the sources of a run that stand for each: the first that there is."""

APART = (*(name for names in SURVEYS.values() for name in names), "laspm_paper", "aspcap_dr17", "starhorse")
"""Catalogues that have figures of their own, or are no spectroscopic literature: Figure 14 is of the others."""

BINARIES = {"zhang2025": 5, "zhang2025_snr20": 20, "zhang2025_snr50": 50}
"""Criteria of `mstars.literature.criteria.PAIR_CRITERIA` by panel of Figure 18, and the S/N that each asks for."""

_COLOURS = (BLUE, RED, GREEN, ORANGE, PURPLE)
_LIMITS = {"teff": (4400.0, 2700.0), "logg": (5.7, 4.2), "bp_rp_0": (1.2, 3.8), "M_G_0": (14.0, 5.0)}
_MAGNITUDES = {"M_G_0": r"$M_{G,0}$ (mag)", "bp_rp_0": r"$(G_{\rm BP}-G_{\rm RP})_0$ (mag)"}

Files = Mapping[str, str | Sequence[str]]


def stands_for(names: Sequence[str], there) -> str | None:
    """The first of the names that is there; one with the name of an enabled engine is the engine."""
    return next((name for name in names if name in there), None)


def literature_of(sources: Sequence[Source]) -> list[Source]:
    """Catalogues of Figure 14."""
    return [one for one in sources if one.kind == "catalogue" and one.name not in APART]


def literature_differences(table: pd.DataFrame, sources: Sequence[Source], label: str) -> pd.DataFrame:
    """Labels of dwarfs beside those of literature: own, other, name, snri; a row a spectrum and catalogue."""
    dwarfs = table[table["luminosity_class"] == "dM"]
    parts = []
    for one in literature_of(sources):
        if f"{label}_{one.name}" in dwarfs and f"{label}_{INFO.name}" in dwarfs:
            columns = {"own": dwarfs[f"{label}_{INFO.name}"], "other": dwarfs[f"{label}_{one.name}"]}
            parts.append(pd.DataFrame(columns | {"snri": dwarfs["snri"], "name": one.title}).dropna())
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["own", "other", "snri", "name"])


def common_velocities(catalogue: pd.DataFrame, gaia: pd.DataFrame) -> pd.DataFrame:
    """RV of the value-added catalogue and Gaia's good ones of the same stars, km/s: RV, radial_velocity."""
    theirs = gaia.loc[good_gaia_velocity(gaia), ["spectrum_key", "radial_velocity"]].drop_duplicates("spectrum_key")
    both = catalogue[["spectrum_key", "RV"]].merge(theirs, on="spectrum_key")
    return both.astype({"RV": float, "radial_velocity": float}).dropna()


def _said(off: np.ndarray, digits: int) -> str:
    return f"{np.median(off):+.{digits}f} ± {mad_std(off):.{digits}f}, n = {len(off)}"


@styled
def draw_velocities(both: pd.DataFrame) -> Figure:
    """Velocities beside Gaia's (Figure 4).

    Parameters
    ----------
    both : pandas.DataFrame
        `common_velocities`.
    """
    figure = new_figure(COLUMN_WIDTH, 3.2)
    axes = figure.subplots()
    axes.set(xlabel=r"Gaia RV (km s$^{-1}$)", ylabel=r"RV of this work (km s$^{-1}$)")
    if len(both) < 3:
        no_data(axes, "no star with a good velocity of Gaia")
        return figure
    x, y = both["radial_velocity"].to_numpy(), both["RV"].to_numpy()
    one_to_one(axes, span(x, y))
    density(axes, x, y)
    note(axes, f"this work - Gaia (km s$^{{-1}}$):\n{_said(y - x, 1)}", bbox=WHITE)
    return figure


@styled
def draw_literature(table: pd.DataFrame, sources: Sequence[Source]) -> Figure:
    """Labels beside those of literature, a colour a catalogue (Figure 14).

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.literature.engine_labels.labels_side_by_side`.
    sources : sequence of Source
    """
    figure = new_figure(PAGE_WIDTH, 2.9)
    for axes, label in zip(figure.subplots(1, 3), INFO.labels, strict=True):
        both = literature_differences(table, sources, label)
        axes.set(xlabel=axis_label(label, prefix="literature "), ylabel=axis_label(label, prefix="Cycle-StarNet "))
        if len(both) < 3:
            axes.set_box_aspect(1)
            no_data(axes, "no star in common with literature")
            continue
        one_to_one(axes, span(both["own"], both["other"]))
        for (name, part), color in zip(both.groupby("name"), _COLOURS, strict=False):
            axes.scatter(part["other"], part["own"], s=3, c=color, alpha=0.5, linewidths=0, label=name, rasterized=True)
        off, digits = (both["own"] - both["other"]).to_numpy(), 0 if label == "teff" else 2
        lines, bright = [_said(off, digits)], off[both["snri"] > 50]
        lines += [f"S/N > 50: {_said(bright, digits)}"] if len(bright) > 2 else []
        note(axes, "\n".join(lines), bbox=WHITE, fontsize=6)
        axes.legend(loc="lower right", fontsize=5, markerscale=2)
    return figure


def shown_surveys(table: pd.DataFrame) -> dict[str, str]:
    """Titles and names of the sources of Figures 16 and 17 that the table has; Cycle-StarNet first."""
    there = {column.removeprefix("teff_") for column in table if column.startswith("teff_")}
    found = {title: stands_for(names, there) for title, names in SURVEYS.items()}
    return {"Cycle-StarNet": INFO.name} | {title: name for title, name in found.items() if name}


@styled
def draw_surveys(table: pd.DataFrame) -> Figure:
    """H-R and Kiel diagrams of the dwarfs by several works, coloured by the [M/H] of each (Figure 16).

    Parameters
    ----------
    table : pandas.DataFrame
        As for `draw_literature`, with bp_rp_0 and M_G_0.
    """
    shown, dwarfs = shown_surveys(table), table[table["luminosity_class"] == "dM"]
    figure, artist = new_figure(PAGE_WIDTH, 4.4), None
    panels = figure.subplots(2, len(shown), squeeze=False, sharex="row", sharey="row")
    for column, (title, name) in enumerate(shown.items()):
        for row, (x, y) in enumerate((("bp_rp_0", "M_G_0"), ("teff", "logg"))):
            axes, columns = panels[row, column], {"m_h": f"m_h_{name}"}
            columns |= {one: f"{one}_{name}" if row else one for one in (x, y)}
            axes.set(xlim=_LIMITS[x], ylim=_LIMITS[y], xlabel=_MAGNITUDES.get(x) or axis_label(x))
            if not column:
                axes.set_ylabel(_MAGNITUDES.get(y) or axis_label(y))
            known = {*columns.values()} <= {*dwarfs}
            points = dwarfs[list(columns.values())].dropna().astype(float) if known else dwarfs.iloc[:0]
            if not len(points):
                no_data(axes, "not measured", keep_ticks=True)
                continue
            values = [points[columns[one]] for one in (x, y, "m_h")]
            artist = axes.scatter(*values[:2], s=2, c=values[2], vmin=-1, vmax=0.5, linewidths=0, rasterized=True)
        panels[0, column].set_title(title)
    if artist is not None:
        figure.colorbar(artist, ax=panels, label=axis_label("m_h", suffix=" of each work"), fraction=0.03)
    return figure


@styled
def draw_differences(table: pd.DataFrame) -> Figure:
    """Labels of this work less those of other works, against this work's (Figure 17).

    Parameters
    ----------
    table : pandas.DataFrame
        As for `draw_literature`.
    """
    shown, dwarfs = shown_surveys(table), table[table["luminosity_class"] == "dM"]
    others = {title: name for title, name in shown.items() if name != INFO.name}
    figure = new_figure(PAGE_WIDTH, 5.4)
    panels = figure.subplots(3, max(len(others), 1), squeeze=False, sharex="row", sharey="row")
    for row, label in zip(panels, INFO.labels, strict=True):
        row[0].set_ylabel(axis_label(label, prefix=r"$\Delta$ "))
        limit = 600 if label == "teff" else 1
        for axes, (title, name) in zip(row, others.items(), strict=False):
            axes.set(xlabel=axis_label(label), ylim=(-limit, limit))
            own, other = (dwarfs.get(f"{label}_{one}", np.nan) for one in (INFO.name, name))
            off = pd.DataFrame({"own": own, "off": own - other}, index=dwarfs.index).astype(float).dropna()
            if len(off) < 3:
                no_data(axes, f"{title} has none")
                continue
            axes.axhline(0, lw=0.6, color=RED, ls="--")
            density(axes, off["own"], off["off"])
            note(axes, _said(off["off"].to_numpy(), 0 if label == "teff" else 2), bbox=WHITE)
    for axes, title in zip(panels[0], others, strict=False):
        axes.set_title(f"Cycle-StarNet - {title}")
    return figure


@styled
def draw_binaries(stars: pd.DataFrame) -> Figure:
    """[M/H] of M dwarfs against [Fe/H] of their primaries at three S/N (Figure 18).

    Parameters
    ----------
    stars : pandas.DataFrame
        compare/engine_group_stars: engine, group, criteria, m_h_1 (of the dwarf), m_h_2, difference.
    """
    own = stars[(stars["engine"] == INFO.name) & (stars["group"] == FGK_M)]
    figure = new_figure(PAGE_WIDTH, 2.7)
    for axes, (criteria, snr) in zip(figure.subplots(1, 3, sharex=True, sharey=True), BINARIES.items(), strict=True):
        pairs = own[own["criteria"] == criteria]
        axes.set(xlabel="[Fe/H] of the primary (dex)", title=f"S/N > {snr}")
        if len(pairs) < 3:
            no_data(axes, "fewer than three pairs", keep_ticks=True)
            continue
        one_to_one(axes, (-1.3, 0.7))
        axes.scatter(pairs["m_h_2"], pairs["m_h_1"], s=6, c=BLUE, alpha=0.6, linewidths=0)
        off, ends = pairs["difference"].to_numpy(dtype=float), np.percentile(pairs["m_h_1"], [5, 95])
        said = f"{off.mean():+.2f} ± {off.std():.2f}, n = {len(off)}\n5 to 95 %: {ends[0]:.1f} to {ends[1]:.1f}"
        note(axes, said, bbox=WHITE)
    figure.axes[0].set_ylabel("[M/H] of the M dwarf (dex)")
    return figure


def draw(name: str, files: Files) -> Figure:
    """A figure by its name.

    Parameters
    ----------
    name : str
        velocities, literature, surveys, differences or binaries.
    files : mapping
        Inputs of the rule figure_csn_beside: catalogue, gaia, table, sources, stars.
    """
    if name == "velocities":
        return draw_velocities(common_velocities(read_table(files["catalogue"]), read_table(files["gaia"])))
    if name == "binaries":
        return draw_binaries(read_table(files["stars"]))
    table = read_table(files["table"])
    if name == "literature":
        return draw_literature(table, read_sources(files["sources"]))
    return {"surveys": draw_surveys, "differences": draw_differences}[name](table)
