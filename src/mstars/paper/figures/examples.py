"""Example spectra: spectra that are not of M stars (Figure 7), corrected classes (9) and corrected velocities (11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.ndimage import uniform_filter1d

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.lines import velocity_line_set
from mstars.files.stores import read_batch
from mstars.paper.figures.colours import BLACK, GREEN, GREY
from mstars.paper.figures.style import PAGE_HEIGHT, PAGE_WIDTH, WHITE, new_figure, no_data, note, styled
from mstars.paper.redshift import REDSHIFT_LINES, redshift
from mstars.spectra.container import SpectrumSet
from mstars.spectra.features import features_of, luminosity_features

_WRITTEN = {"H alpha": r"H$\alpha$", "N II": "[N II]", "S II": "[S II]"}
"""Lines of ``resources/lines.csv`` as a figure names them."""

RV_ORDER = ("TM", "DSAL_I", "DSAL_II", "TML7500", "DSEL", "NoRV_lowQuality", "NoRV_waveErr")


@dataclass
class Example:
    """One panel.

    Attributes
    ----------
    key : str
        spectrum_key.
    title : str
        What LAMOST said and what it is.
    window : tuple of float
        Wavelengths shown, vacuum angstrom.
    marks : list of tuple
        Vertical lines: wavelengths (ndarray), colour, name.
    features : list of tuple
        Features named above the spectrum: wavelength, name.
    emission : bool
        Show the highest peaks in full.
    kind : str
        A key of `mstars.paper.redshift.LINES`: its features are named where the lines are found.
    """

    key: str
    title: str
    window: tuple[float, float] = (3850.0, 9000.0)
    marks: list[tuple[np.ndarray, str, str]] = field(default_factory=list)
    features: list[tuple[float, str]] = field(default_factory=list)
    emission: bool = False
    kind: str = ""


def wanted_rows(table: pd.DataFrame, wanted: Sequence[str | int], group: str, order: Sequence[str], most: int):
    """The rows that a figure shows: those that the config names, or else the spectra of best S/N of each group.

    Parameters
    ----------
    table : pandas.DataFrame
        spectrum_key, snri, ``group``; obsid where known.
    wanted : sequence of str or int
        spectrum_keys or obsids that the config names (``figures.examples``).
    group : str
        Column of the group. Each group gets a panel before any gets a second.
    order : sequence of str
        Groups that come first.
    most : int
        Panels at most.

    Raises
    ------
    InputError
        When a named spectrum is not among the rows.
    """
    if wanted:
        names = table["spectrum_key"].astype(str)
        ids = table["obsid"].astype("Int64").astype(str) if "obsid" in table else names
        chosen = []
        for name in map(str, wanted):
            found = table[(names == name) | (ids == name)]
            if not len(found):
                raise InputError(f"figures.examples: {name} is not among the spectra this figure shows")
            chosen.append(found.iloc[:1])
        return pd.concat(chosen)
    ranked = table.sort_values(["snri", "spectrum_key"], ascending=[False, True], kind="stable")
    ranked = ranked.assign(_turn=ranked.groupby(group).cumcount())
    places = {name: number for number, name in enumerate(order)}
    ranked["_place"] = ranked[group].map(lambda name: places.get(name, len(places)))
    ranked = ranked.sort_values(["_turn", "_place", group, "spectrum_key"], kind="stable").head(most)
    return ranked.sort_values(["_place", group, "_turn"], kind="stable").drop(columns=["_turn", "_place"])


def non_m_examples(non_m: pd.DataFrame, wanted: Sequence = (), most: int = 10) -> list[Example]:
    """Figure 7: a spectrum of each kind found among LAMOST's M stars.

    Parameters
    ----------
    non_m : pandas.DataFrame
        spectrum_key, subclass, label, snri; obsid where known.
    wanted : sequence of str or int
        As for `wanted_rows`.
    most : int
        Panels at most.
    """
    order = ("O", "B", "A", "F", "G", "K", "WD", "S", "spectral_binary", "em_star", "galaxy", "qso", "unknown")
    rows = wanted_rows(non_m, wanted, "label", order, most)
    return [
        Example(
            row.spectrum_key,
            f"{row.subclass} -> {row.label}",
            features=features_of(row.label),
            kind=row.label if row.label in REDSHIFT_LINES else "",
        )
        for row in rows.itertuples()
    ]


def class_examples(m_catalog: pd.DataFrame, wanted: Sequence = (), most: int = 4) -> list[Example]:
    """Figure 9: spectra whose luminosity class was changed, with the features of Table 3 at LAMOST's velocity.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        spectrum_key, lamost_class, luminosity_class, lamost_rv (km/s), snri; obsid where known.
    wanted : sequence of str or int
        As for `wanted_rows`.
    most : int
        Panels at most.
    """
    table = m_catalog[m_catalog["lamost_class"].isin(LUMINOSITY_CLASSES)]
    table = table[table["lamost_class"] != table["luminosity_class"]]
    features = luminosity_features()
    vacuum = features[["lower", "upper"]].to_numpy()
    examples = []
    for row in wanted_rows(table, wanted, "luminosity_class", LUMINOSITY_CLASSES, most).itertuples():
        shift = 1 + (row.lamost_rv if np.isfinite(row.lamost_rv) else 0.0) / C_KMS
        marks = [(np.unique(vacuum) * shift, GREY, "")]
        named = list(zip(vacuum.mean(axis=1) * shift, features["feature"], strict=True))
        title = f"{row.lamost_class} -> {row.luminosity_class}"
        examples.append(Example(row.spectrum_key, title, (6600, 8900), marks, named))
    return examples


def velocity_examples(m_catalog: pd.DataFrame, wanted: Sequence = (), most: int = 7) -> list[Example]:
    """Figure 11: spectra whose velocity was changed or taken away, with the lines at both velocities.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        spectrum_key, lamost_rv and rv_paper (km/s), rv_paper_from, snri; obsid where known.
    wanted : sequence of str or int
        As for `wanted_rows`.
    most : int
        Panels at most.
    """
    table = m_catalog[m_catalog["rv_paper_from"] != "LAMOST"]
    examples = []
    for row in wanted_rows(table, wanted, "rv_paper_from", RV_ORDER, most).itertuples():
        kind = "emission" if row.rv_paper_from == "DSEL" else "absorption"
        names, rest = velocity_line_set(kind)
        window = (6520, 6760) if kind == "emission" else (8150, 8720)
        pairs = ((row.lamost_rv, GREY, "LAMOST"), (row.rv_paper, GREEN, row.rv_paper_from))
        marks = [
            (rest * (1 + float(velocity) / C_KMS), color, rf"{name}: ${float(velocity):.1f}$ km s$^{{-1}}$")
            for velocity, color, name in pairs
            if np.isfinite(float(velocity))
        ]
        shift = 1 + (float(row.rv_paper) if np.isfinite(float(row.rv_paper)) else 0.0) / C_KMS
        features = [(place * shift, _WRITTEN.get(name, name)) for place, name in zip(rest, names, strict=True)]
        examples.append(Example(row.spectrum_key, row.rv_paper_from, window, marks, features, kind == "emission"))
    return examples


_CHOICES = {
    "fig07": (non_m_examples, "no spectrum was found to be of another kind"),
    "fig09": (class_examples, "no luminosity class was changed"),
    "fig11": (velocity_examples, "no velocity was changed"),
}


def draw_example_figure(
    number: str, table: pd.DataFrame, wanted: Sequence[str | int], index: pd.DataFrame, store: Callable[[str], Path]
) -> Figure:
    """Figure 7, 9 or 11.

    Parameters
    ----------
    number : {'fig07', 'fig09', 'fig11'}
    table : pandas.DataFrame
        What the examples are chosen from: non_m_catalog v1 and v2, m_catalog_v2, m_catalog_v3.
    wanted : sequence of str or int
        Keys or obsids to show; empty: chosen.
    index, store
        As for `read_examples`.
    """
    choose, reason = _CHOICES[number]
    shown = choose(table, wanted)
    return draw_examples(shown, read_examples([example.key for example in shown], index, store), reason)


def read_examples(keys: Sequence[str], index: pd.DataFrame, store: Callable[[str], Path]) -> dict[str, SpectrumSet]:
    """Read the stored spectra of some keys.

    Parameters
    ----------
    keys : sequence of str
        spectrum_keys.
    index : pandas.DataFrame
        spectrum_key, batch, row: where each spectrum is stored.
    store : callable
        Path of a batch's store by the batch's name.

    Returns
    -------
    dict of str to SpectrumSet
        One spectrum each.

    Raises
    ------
    InputError
        When a spectrum is not stored.
    """
    rows = index[index["spectrum_key"].isin(list(keys))]
    found = {}
    for batch, part in rows.groupby("batch", sort=True):
        spectra = read_batch(store(batch), part["row"].to_numpy(int))
        found |= {key: spectra.select(slice(number, number + 1)) for number, key in enumerate(spectra.spectrum_key)}
    missing = [key for key in keys if key not in found]
    if missing:
        raise InputError(f"no stored spectrum of {missing[0]}")
    return found


@styled
def draw_examples(examples: Sequence[Example], spectra: dict[str, SpectrumSet], reason: str) -> Figure:
    """Example spectra under each other.

    Parameters
    ----------
    examples : sequence of Example
        Panels.
    spectra : dict of str to SpectrumSet
        From `read_examples`.
    reason : str
        Stands in the figure when there is no example.
    """
    if not examples:
        figure = new_figure(PAGE_WIDTH, 2.0)
        no_data(figure.subplots(), reason)
        return figure
    figure = new_figure(PAGE_WIDTH, min(0.5 + 1.2 * len(examples), PAGE_HEIGHT))
    panels = figure.subplots(len(examples), 1, squeeze=False)[:, 0]
    for axes, example in zip(panels, examples, strict=True):
        _example_panel(axes, _redshifted(example, spectra[example.key]), spectra[example.key])
    if len({example.window for example in examples}) == 1:
        for axes in panels[:-1]:
            axes.tick_params(labelbottom=False)
    figure.supylabel("Relative flux", fontsize=8)
    panels[-1].set_xlabel("Vacuum wavelength (Å)")
    return figure


def _redshifted(example: Example, spectrum: SpectrumSet) -> Example:
    """With the lines of a galaxy or quasar at the redshift where they are seen; else as it was."""
    z = redshift(example.kind, spectrum.wavelength, spectrum.flux[0], spectrum.bad[0]) if example.kind else np.nan
    if not np.isfinite(z):
        return example
    lines = [(rest * (1 + z), name) for name, rest, _ in REDSHIFT_LINES[example.kind] if name]
    return replace(example, title=f"{example.title}, z = {z:.3f}", features=lines, emission=True)


def _example_panel(axes, example: Example, spectrum: SpectrumSet) -> None:
    wave = spectrum.wavelength
    inside = (wave >= example.window[0]) & (wave <= example.window[1])
    flux = np.where(spectrum.bad[0], np.nan, spectrum.flux[0])[inside]
    good = np.isfinite(flux)
    axes.set_xlim(*example.window)
    axes.set_yticks([])
    for places, color, name in example.marks:
        for number, place in enumerate(places):
            axes.axvline(place, color=color, ls="--", lw=0.6, label=name if number == 0 and name else None, zorder=1)
    if good.any():
        smooth = uniform_filter1d(np.where(good, flux, np.nanmedian(flux)), 3)
        axes.plot(wave[inside], np.where(good, smooth, np.nan), color=BLACK, lw=0.5)
        low, high = np.nanquantile(flux, [0.005, 1.0 if example.emission else 0.995])
        axes.set_ylim(low - 0.1 * (high - low), high + 0.7 * (high - low))
        _name_features(axes, example)
    else:
        no_data(axes, "all pixels are masked")
    note(axes, _title(example), bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1})
    if any(name for *_, name in example.marks):
        white = {"frameon": True, "facecolor": "white", "edgecolor": "none", "framealpha": 0.9}
        axes.legend(loc="upper right", ncols=len(example.marks), handlelength=1.5, **white)


def _name_features(axes, example: Example) -> None:
    """Names under the title; of names too close to each other the first alone."""
    low, high = example.window
    last = -np.inf
    for place, name in sorted(example.features):
        if low < place < high and place - last > 0.032 * (high - low):
            axes.annotate(
                *(name, (place, 0.66)),
                xycoords=("data", "axes fraction"),
                xytext=(0, 1.5),
                textcoords="offset points",
                ha="center",
                fontsize=5.5,
                bbox=WHITE,
                zorder=5,
            )
            axes.plot([place, place], [0.59, 0.65], transform=axes.get_xaxis_transform(), color=BLACK, lw=0.5)
            last = place


def _title(example: Example) -> str:
    # a dollar sign in a name from a header would start a formula
    return f"{example.title}   ({example.key})".replace("$", r"\$").replace("->", r"$\to$")
