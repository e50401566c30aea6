"""What a figure shows, as a table: anyone can draw it anew, in any program."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, LineCollection, PathCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.spines import Spine

COLUMNS = ("panel", "title", "x_label", "y_label", "kind", "series", "part", "x", "y", "value")
_DIGITS = 7

_Part = tuple[str, np.ndarray, np.ndarray, np.ndarray | float]
"""Kind, x, y and value of what one call drew."""


def drawn_data(figure: Figure) -> pd.DataFrame:
    """All points, lines, cells, images, outlines and texts of a figure, in the units of its axes.

    Parameters
    ----------
    figure : matplotlib Figure

    Returns
    -------
    pandas.DataFrame
        panel (from 1 on), title, x_label and y_label of the panel; kind (points, line, segments, cells, image, outline,
        text); series (the name in the legend, or the text); part (from 1 on: what one call drew, or one segment of it);
        x, y; value (what the colour says; null: none). x or y is null where something spans the panel.
    """
    tables = []
    panels = [panel for axes in figure.axes for panel in (axes, *axes.child_axes) if not hasattr(panel, "_colorbar")]
    for number, axes in enumerate(panels, 1):
        about = {"panel": number, "title": axes.get_title()}
        about |= {"x_label": axes.get_xlabel(), "y_label": axes.get_ylabel()}
        for part, (series, (kind, x, y, value)) in enumerate(_parts(axes), 1):
            table = pd.DataFrame({"x": np.ravel(x), "y": np.ravel(y), "value": value}).dropna(
                how="all", subset=["x", "y"]
            )
            tables.append(table.assign(**about, kind=kind, series=series, part=part))
    found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    numbers = found[["x", "y", "value"]].astype(float).map(lambda number: float(f"{number:.{_DIGITS}g}"))
    return found.assign(**numbers)[list(COLUMNS)]


def _parts(axes: Axes) -> Iterator[tuple[str, _Part]]:
    """Name and content of what was drawn into the axes, in the order of drawing."""
    for artist in axes.get_children():
        name = str(artist.get_label())
        for part in _contents(axes, artist):
            yield "" if name.startswith("_") else name, part
    for text in axes.texts:
        if text.get_text().strip():
            place = _in_data(axes, text, np.array([text.get_position()], dtype=float))
            yield text.get_text(), ("text", place[:, 0], place[:, 1], np.nan)


def _contents(axes: Axes, artist: Artist) -> Iterator[_Part]:
    if not artist.get_visible() or artist is axes.patch or isinstance(artist, Spine):
        return
    if isinstance(artist, Line2D):
        yield (
            "line" if artist.get_linestyle() not in ("None", "") else "points",
            *_columns(axes, artist, artist.get_xydata()),
            np.nan,
        )
    elif isinstance(artist, QuadMesh):
        corners = np.asarray(artist.get_coordinates())
        middle = (corners[:-1, :-1] + corners[1:, 1:]) / 2
        values = np.ma.filled(np.ma.asarray(artist.get_array(), dtype=float), np.nan).ravel()
        keep = np.isfinite(values)
        yield "cells", middle[..., 0].ravel()[keep], middle[..., 1].ravel()[keep], values[keep]
    elif isinstance(artist, AxesImage):
        yield _image(artist)
    elif isinstance(artist, PathCollection):
        values = np.nan if artist.get_array() is None else np.ma.filled(artist.get_array().astype(float), np.nan)
        yield "points", *np.asarray(artist.get_offsets(), dtype=float).T, values
    elif isinstance(artist, Collection):
        kind = "segments" if isinstance(artist, LineCollection) else "outline"
        for path in artist.get_paths():
            yield kind, *_columns(axes, artist, path.vertices), np.nan
    elif isinstance(artist, Patch):
        yield (
            "outline",
            *_columns(axes, artist, artist.get_patch_transform().transform(artist.get_path().vertices)),
            np.nan,
        )


def _columns(axes: Axes, artist: Artist, points: np.ndarray) -> np.ndarray:
    return _in_data(axes, artist, np.asarray(points, dtype=float)).T


def _in_data(axes: Axes, artist: Artist, points: np.ndarray) -> np.ndarray:
    """The points with NaN where a coordinate is one of the panel, not of the data."""
    of_data = np.array(artist.get_transform().contains_branch_seperately(axes.transData))
    return np.where(of_data, points, np.nan)


def _image(artist: AxesImage) -> _Part:
    values = np.ma.filled(np.ma.asarray(artist.get_array(), dtype=float), np.nan)
    rows, columns = values.shape[:2]
    left, right, bottom, top = artist.get_extent()
    if artist.origin == "upper":
        bottom, top = top, bottom
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    x, y = np.meshgrid(x, y)
    return "image", x.ravel(), y.ravel(), values.ravel() if values.ndim == 2 else np.nan
