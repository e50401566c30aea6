"""The style of all figures: widths of the journal, fonts, and what every figure needs to draw."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mstars.core.errors import InputError
from mstars.core.labels import STELLAR_LABELS, UNITS
from mstars.core.resources import resource
from mstars.files.whole import atomic_path
from mstars.paper.figures.colours import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from mstars.paper.figures.drawn import drawn_data
from mstars.paper.figures.style_file import PACKAGED, read_style
from mstars.paper.rendering import number_text

COLUMN_WIDTH = 3.5
"""Width of one AAS journal column, inches."""

PAGE_WIDTH = 7.1
"""Width of two columns, inches."""

PAGE_HEIGHT = 9.1
"""Height of the text of a page, inches. No figure is taller."""

CLASS_COLOR = {"dM": RED, "gM": BLUE}

LABEL = {**{label.name: label.symbol for label in STELLAR_LABELS}, "rv": "RV", "snr_i": r"S/N$_i$"}
UNIT = {**UNITS, "rv": r"km s$^{-1}$", "snr_i": ""}

WHITE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}
"""Box behind text that may lie over points."""

MARKERS = {
    "red": r"$T_{\rm eff}$: this work, APOGEE differ",
    "green": r"$\log g$: this work, APOGEE differ",
    "blue": r"$\log g$ of this work high",
    "blue +": r"$\log g$ of this work low",
    "orange": r"Ding2022 $\log g < 4.35$",
    "orange +": r"Ding2022 $\log g < 3.5$",
    "red +": r"$T_{\rm eff}$ of Li2021 low",
    "purple": r"[$\alpha$/M] of this work low",
}
"""Outlier groups of section 4.2.2 in the order of the legend, with what each is."""

_OWN: ContextVar[Path | None] = ContextVar("own style file", default=None)


def marker_style(marker: str) -> dict:
    """Options of ``scatter`` for an outlier group of `MARKERS`. Shapes differ as well as colours."""
    color = {"red": RED, "green": GREEN, "blue": BLUE, "orange": ORANGE, "purple": PURPLE}[marker.split()[0]]
    if marker.endswith("+"):
        return {"s": 14, "c": color, "marker": "+", "linewidths": 0.8}
    shape = {"red": "o", "green": "s", "blue": "^", "orange": "D", "purple": "v"}[marker]
    return {"s": 8, "c": color, "marker": shape, "linewidths": 0}


def marker_handles(markers: Iterable[str]) -> list[Line2D]:
    """Legend entries of the outlier groups that occur, in the order of `MARKERS`."""
    handles = []
    for marker in (name for name in MARKERS if name in set(markers)):
        style = marker_style(marker)
        shape = {"marker": style.get("marker", "o"), "color": style["c"], "ls": "", "ms": 3}
        handles.append(Line2D([], [], label=MARKERS[marker], **shape))
    return handles


@contextmanager
def journal_style() -> Iterator[None]:
    """Matplotlib's settings for one figure: ``resources/figures.mplstyle``, and over it the file of `figure_style`.

    Matplotlib's settings of before are put back afterwards.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        for path in (resource("figures.mplstyle"), _OWN.get()):
            if path is not None:
                matplotlib.rcParams.update(read_style(path))
        yield


@contextmanager
def figure_style(snakemake) -> Iterator[None]:
    """Draw and save the figures of a job in the style of its config (``figures.style``)."""
    given = snakemake.config["figures"]["style"]
    before = _OWN.set(None if given == PACKAGED else Path(given))
    try:
        yield
    finally:
        _OWN.reset(before)


def styled(draw):
    """Decorate a function that returns a figure: it draws in the journal's style."""

    @functools.wraps(draw)
    def inside(*arguments, **options):
        with journal_style():
            return draw(*arguments, **options)

    return inside


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, which needs no window system.

    Parameters
    ----------
    width, height : float
        Inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


WAVELENGTH = r"wavelength ($\rm\AA$)"
"""Label of an axis of wavelengths."""


def axis_label(name: str, prefix: str = "", suffix: str = "") -> str:
    """Label of an axis with its unit, for example 'T_eff (K)'.

    Parameters
    ----------
    name : str
        A key of `LABEL`.
    prefix, suffix : str
        Text before and after the symbol.
    """
    unit = f" ({UNIT[name]})" if UNIT[name] else ""
    return f"{prefix}{LABEL[name]}{suffix}{unit}"


def free_corner(axes, x, y) -> str:
    """The upper left or the lower right corner of a one-to-one panel, whichever has fewer points.

    Parameters
    ----------
    axes : matplotlib Axes
    x, y : ndarray, [n]
        Points in the panel.
    """
    place = axes.transAxes.inverted().transform(axes.transData.transform(np.column_stack([x, y])))
    upper = ((place[:, 0] < 0.42) & (place[:, 1] > 0.72)).sum()
    lower = ((place[:, 0] > 0.58) & (place[:, 1] < 0.28)).sum()
    return "upper left" if upper <= lower else "lower right"


def one_to_one(axes, ends: tuple[float, float]) -> None:
    """Make a square panel with the same limits and ticks on both axes, and draw the line y = x.

    Parameters
    ----------
    axes : matplotlib Axes
    ends : tuple of float
        Limits.
    """
    ticks = MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(*ends)
    ticks = ticks[(ticks >= ends[0]) & (ticks <= ends[1])]
    axes.plot(ends, ends, color=BLACK, lw=0.6)
    axes.set(xlim=ends, ylim=ends, xticks=ticks, yticks=ticks)
    axes.set_box_aspect(1)


def no_data(axes, reason: str, *, keep_ticks: bool = False) -> None:
    """Say in the middle of the axes that there is nothing to show, and why.

    Parameters
    ----------
    axes : matplotlib Axes
    reason : str
        Also kept with the figure, so that `save` can refuse it.
    keep_ticks : bool
    """
    figure = axes.get_figure(root=True)
    figure.missing = [*getattr(figure, "missing", []), " ".join(reason.split())]
    if not keep_ticks:
        sides = ("bottom", "top", "left", "right", "labelbottom", "labelleft")
        axes.tick_params(which="both", **dict.fromkeys(sides, False))
    axes.text(
        *(0.5, 0.5),
        f"no data\n{reason}",
        transform=axes.transAxes,
        ha="center",
        va="center",
        color=GREY,
        wrap=True,
        clip_on=True,
    )


def note(axes, text: str, corner: str = "upper left", **options) -> None:
    """Write text in a corner of the axes.

    Parameters
    ----------
    axes : matplotlib Axes
    text : str
    corner : str
        upper or lower, and left or right.
    **options
        Of ``axes.text``.
    """
    vertical, horizontal = corner.split()
    axes.text(
        0.04 if horizontal == "left" else 0.96,
        0.96 if vertical == "upper" else 0.04,
        text,
        transform=axes.transAxes,
        ha=horizontal,
        va="top" if vertical == "upper" else "bottom",
        **{"fontsize": 7, "linespacing": 1.3, **options},
    )


def density(
    axes, x, y, *, bins: int = 160, most: int = 3000, color: str = BLUE, size: float = 3.0, extent=None, cmap=None
):
    """Draw points, or their density where there are too many to tell apart.

    Parameters
    ----------
    axes : matplotlib Axes
    x, y : ndarray, [n]
        Points; those that are not finite are left out.
    bins : int
        Cells along each axis of the density.
    most : int
        Up to this number, points are drawn one by one.
    color : str
        Of single points.
    size : float
        Of single points, square points.
    extent : tuple of 4 float, optional
        x and y limits; points outside are not drawn. By default the limits of the data.
    cmap : str, optional
        Colour map of the density. With "Greys" a single spectrum is light grey, not white.

    Returns
    -------
    artist or None
        The image, for a colour bar. None when single points were drawn.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    keep = np.isfinite(x) & np.isfinite(y)
    if extent is not None:
        keep &= (x >= extent[0]) & (x <= extent[1]) & (y >= extent[2]) & (y <= extent[3])
    x, y = x[keep], y[keep]
    if len(x) <= most:
        axes.scatter(x, y, s=size, c=color, linewidths=0, alpha=0.7, rasterized=True)
        return None
    limits = None if extent is None else [extent[:2], extent[2:]]
    counts, x_edges, y_edges = np.histogram2d(x, y, bins=bins, range=limits)
    least = 0.2 if cmap == "Greys" else 1
    shown = np.ma.masked_equal(counts.T, 0)
    shades = LogNorm(least, max(counts.max(), 2))
    return axes.pcolormesh(x_edges, y_edges, shown, norm=shades, cmap=cmap, rasterized=True)


def save(figure: Figure, paths: Iterable[str | Path], dpi: int = 300, *, missing: str = "say") -> None:
    """Write a figure to files, each whole or not at all, and the same bytes each time.

    Parameters
    ----------
    figure : matplotlib Figure
    paths : iterable of path
        The ending says the format, .pdf or .png.
    dpi : int
        Resolution of what is in pixels.
    missing : {"say", "stop"}
        What to do with a panel without data (``figures.missing`` of the config): the panel says so, or it is an error.

    Raises
    ------
    InputError
        With ``missing="stop"``: which figure has no data, and why.
    """
    paths = list(map(Path, paths))
    reasons = getattr(figure, "missing", [])
    if missing == "stop" and reasons:
        names = paths[0].stem if paths else "figure"
        raise InputError(f"{names}: no data: {reasons[0]}; with figures.missing: say the figure is drawn and says so")
    for path in paths:
        metadata = {"CreationDate": None} if path.suffix == ".pdf" else {"Software": None}
        with journal_style(), atomic_path(path) as temporary:
            figure.savefig(temporary, metadata=metadata, dpi=dpi)


def save_outputs(figure: Figure, snakemake) -> None:
    """Write a figure to a job's PDF and PNG outputs, with ``figures.missing`` of its config, and what it shows as CSV.

    Parameters
    ----------
    figure : matplotlib Figure
    snakemake
        The job's object.
    """
    outputs = [*map(str, snakemake.output)]
    save(
        figure,
        (path for path in outputs if path.endswith((".pdf", ".png"))),
        missing=snakemake.config["figures"]["missing"],
    )
    for path in (path for path in outputs if path.endswith(".csv")):
        with atomic_path(path) as temporary:
            drawn_data(figure).to_csv(temporary, index=False)


def mean_sigma(values) -> tuple[float, float]:
    """Mean and standard deviation of the finite values, the paper's mu and sigma; NaN when there are none."""
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    return (float(values.mean()), float(values.std())) if len(values) else (np.nan, np.nan)


def difference_note(axes, values, name: str, corner: str = "upper left", more: str = "") -> None:
    """Write mean and standard deviation of differences, the paper's mu and sigma, in a corner.

    Parameters
    ----------
    axes : matplotlib Axes
    values : ndarray, [n]
        In the unit of ``name``.
    name : str
        A key of `UNIT`.
    corner : str
        As for `note`.
    more : str
        One more line.
    """
    digits = {"teff": 0, "rv": 1}.get(name, 2)
    mean, sigma = mean_sigma(values)
    unit = UNIT[name]
    lines = [rf"$\{sign}$ = {number_text(value, digits)} {unit}" for sign, value in (("mu", mean), ("sigma", sigma))]
    note(axes, "\n".join([*lines, *([more] if more else [])]), corner, bbox=WHITE)


def span(*arrays, share: float = 0.002, margin: float = 0.05) -> tuple[float, float]:
    """Limits of an axis that hold nearly all values.

    Parameters
    ----------
    *arrays : ndarray
        Values; those that are not finite are left out.
    share : float
        Share of the values that may lie outside at each end.
    margin : float
        Space at each end, in units of the range.
    """
    values = np.concatenate([np.ravel(np.asarray(array, dtype=float)) for array in arrays])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.quantile(values, [share, 1 - share])
    extra = margin * ((high - low) or 1.0)
    return float(low - extra), float(high + extra)
