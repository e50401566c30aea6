"""One picture a candidate: the spectrum, the features that decide, the numbers. Only what changes is drawn again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image
from scipy.ndimage import uniform_filter1d

from mstars.core.constants import C_KMS
from mstars.core.palette import BLUE, PURPLE
from mstars.core.velocities import SOURCES
from mstars.review.evidence import VELOCITY_MARKS, ZOOMS, known, marks

FULL = (3700.0, 9100.0)
LINE_STYLES = {"LAMOST": "-", "TM": "--", "DSAL_I": "-.", "DSAL_II": ":"}
"""Velocities marked in the rv queue: their names in `SOURCES`, and line styles."""

PRINTED = (
    ("subclass", "LAMOST {}"),
    ("snri", "S/N_i {:.0f}"),
    ("candidate_reasons", "queued for {}"),
    ("consensus_label", "consensus {}"),
    ("spt_class", "SPT {}"),
    ("spt_prob", "({:.3f})"),
    ("wdm_class", "WDM {}"),
    ("wdm_prob", "({:.3f})"),
    ("dmgm_class", "dMgM {}"),
    ("dmgm_prob", "({:.3f})"),
    ("CMD_pos", "CMD {}"),
    ("bp_rp_0", "BP-RP {:.2f}"),
    ("M_G_0", "M_G {:.2f}"),
)
"""What is printed above the spectrum, where the candidate has it."""


class Sheet:
    """A figure that is drawn once, and whose lines and words are replaced for each candidate.

    Parameters
    ----------
    queue : str
        In scm and dgcm the features of Table 3 are marked at LAMOST's velocity, in rv the lines of Tables 5 and 6 at
        the velocity of each method.
    """

    def __init__(self, queue: str):
        self.queue = queue
        self.marks = marks(queue)
        self.figure = Figure(figsize=(10.0, 4.8), dpi=90)
        self.canvas = FigureCanvasAgg(self.figure)
        grid = self.figure.add_gridspec(
            2, len(ZOOMS), left=0.02, right=0.985, top=0.86, bottom=0.09, hspace=0.32, wspace=0.06
        )
        self.axes = [self._axes(grid[0, :], FULL, "")]
        self.axes += [self._axes(grid[1, k], limits, name) for k, (name, limits) in enumerate(ZOOMS.items())]
        self.words = self.figure.text(0.02, 0.985, "", va="top", fontsize=9, linespacing=1.4, animated=True)
        self.artists = [(axes, self._artists(axes)) for axes in self.axes]
        if queue == "rv":
            self._legend()
        self.canvas.draw()
        self.background = self.canvas.copy_from_bbox(self.figure.bbox)

    def _axes(self, place, limits, title):
        axes = self.figure.add_subplot(place)
        axes.set_xlim(*limits)
        axes.set_ylim(0, 1)
        axes.set_yticks([])
        axes.tick_params(labelsize=7)
        axes.xaxis.set_major_locator(MaxNLocator(5, prune="both"))
        axes.set_title(title, fontsize=8, pad=2)
        axes.set_xlabel("vacuum wavelength (A)" if not title else "", fontsize=7, labelpad=1)
        return axes

    def _artists(self, axes) -> dict:
        (raw,) = axes.plot([], [], color="0.75", lw=0.5, animated=True)
        (smooth,) = axes.plot([], [], color="0.15", lw=0.8, animated=True)
        (bad,) = axes.plot([], [], "|", color=PURPLE, ms=4, animated=True)
        styles = [(VELOCITY_MARKS[name][1], style) for name, style in LINE_STYLES.items()]
        styles = styles if self.queue == "rv" else [(BLUE, "--")]
        lines = [axes.plot([], [], color=color, ls=style, lw=0.8, animated=True)[0] for color, style in styles]
        return {"raw": raw, "smooth": smooth, "bad": bad, "lines": lines}

    def _legend(self) -> None:
        handles = []
        for method, style in LINE_STYLES.items():
            name, color = VELOCITY_MARKS[method]
            handles += self.axes[0].plot([], [], color=color, ls=style, label=name)
        place = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.99), "borderaxespad": 0.0}
        self.axes[0].legend(handles=handles, fontsize=7, ncols=4, frameon=False, **place)

    def draw(self, wavelength, flux, bad, row: dict, path: str | Path) -> None:
        """Write the picture of one candidate.

        Parameters
        ----------
        wavelength, flux, bad : ndarray, [pixel]
            Vacuum angstrom, flux in any unit, pixels without information.
        row : dict
            The candidate's columns.
        path : str or Path
            PNG file.
        """
        smooth = smoothed(flux, bad)
        columns = [SOURCES[method][0] for method in LINE_STYLES]
        velocities = [row.get(name, np.nan) for name in columns] if self.queue == "rv" else [row.get("lamost_rv", 0.0)]
        self.canvas.restore_region(self.background)
        self.words.set_text(words(self.queue, row))
        self.figure.draw_artist(self.words)
        for axes, artists in self.artists:
            _fill(axes, artists, wavelength, np.where(bad, np.nan, flux), smooth, bad)
            for line, velocity in zip(artists["lines"], velocities, strict=True):
                line.set_data(*strokes(self.marks, velocity, axes.get_xlim()))
                axes.draw_artist(line)
            for name in ("bad", "raw", "smooth"):
                axes.draw_artist(artists[name])
        Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3]).save(path, format="PNG", compress_level=1)


def smoothed(flux: np.ndarray, bad: np.ndarray, width: int = 5) -> np.ndarray:
    """Running mean over good pixels.

    Parameters
    ----------
    flux : ndarray, [pixel]
    bad : ndarray, bool [pixel]
        Pixels to leave out.
    width : int
        Pixels of the window.

    Returns
    -------
    ndarray, [pixel]
        NaN where the window holds no good pixel.
    """
    good = uniform_filter1d((~bad).astype(float), width)
    total = uniform_filter1d(np.where(bad, 0.0, flux), width)
    return np.divide(total, good, out=np.full(len(flux), np.nan), where=good > 1e-6)


def _fill(axes, artists: dict, wavelength, flux, smooth, bad) -> None:
    """Spectrum of one panel, scaled so that it fills it."""
    low, high = axes.get_xlim()
    inside = (wavelength >= low) & (wavelength <= high)
    values = smooth[inside]
    values = values[np.isfinite(values)]
    bottom, top = np.quantile(values, [0.003, 0.997]) if len(values) else (0.0, 1.0)
    scale = 0.8 / ((top - bottom) or 1.0)
    artists["raw"].set_data(wavelength[inside], 0.1 + (flux[inside] - bottom) * scale)
    artists["smooth"].set_data(wavelength[inside], 0.1 + (smooth[inside] - bottom) * scale)
    masked = wavelength[inside & bad]
    artists["bad"].set_data(masked, np.full(len(masked), 0.02))


def strokes(table: pd.DataFrame, velocity, limits) -> tuple[list, list]:
    """Vertical strokes at features that move with a velocity, as one broken line.

    Parameters
    ----------
    table : pandas.DataFrame
        ``lower`` and ``upper`` (angstrom): a band has a stroke at each end.
    velocity : float or None
        km/s.
    limits : tuple of float
        Wavelengths that are shown, angstrom.

    Returns
    -------
    x, y : sequence
        Empty without a velocity.
    """
    if velocity is None or not np.isfinite(velocity):
        return [], []
    places = np.unique(table[["lower", "upper"]].to_numpy(float)) * (1.0 + velocity / C_KMS)
    places = places[(places >= limits[0]) & (places <= limits[1])]
    return np.repeat(places, 3), np.tile([0.0, 1.0, np.nan], len(places))


def words(queue: str, row: dict) -> str:
    """The two lines of text above a picture.

    Parameters
    ----------
    queue : str
        In rv the velocities are among them.
    row : dict
        The candidate's columns.
    """
    said = [text.format(row[name]) for name, text in PRINTED if known(row.get(name))]
    if queue == "rv":
        said += [_velocity(row, method) for method in LINE_STYLES]
    break_at = len(said) // 2 if len(said) > 6 else len(said)
    # a dollar sign would start a formula
    lines = [str(row["spectrum_key"]) + "   " + "  ".join(said[:break_at]), "  ".join(said[break_at:])]
    return "\n".join(lines).replace("$", r"\$")


def _velocity(row: dict, method: str) -> str:
    name, (value, error) = VELOCITY_MARKS[method][0], (row.get(column) for column in SOURCES[method])
    if not known(value):
        return f"{name} none"
    return f"{name} {value:.0f}" + (f" +- {error:.0f} km/s" if known(error) else " km/s")
