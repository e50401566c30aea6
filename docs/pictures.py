"""The pictures of the documentation, drawn from a finished demo: ``python docs/pictures.py results/demo``."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from mstars.core.config.velocities import Rvmm
from mstars.core.config.whole import filled
from mstars.core.constants import C_KMS
from mstars.core.labels import LABELS
from mstars.core.robust import mad_std
from mstars.engines.registry import engine_models
from mstars.files.stores import read_batch
from mstars.files.tables import read_table
from mstars.paper.figures.colours import BLUE, GREY, ORANGE, RED, SKY
from mstars.paper.figures.diagnosis import draw_diagnosis
from mstars.paper.figures.style import CLASS_COLOR, WAVELENGTH, axis_label, density, journal_style, new_figure, styled
from mstars.spectra.features import luminosity_features
from mstars.templates.library import load_library
from mstars.velocity.diagnose import diagnose_measured

FOLDER = Path(__file__).resolve().parent / "pictures"
LIBRARY = "results/templates/library.h5"
COLOURS = 128
STEPS = (
    ("input", "files become\nspectra on one grid"),
    ("crossmatch", "Gaia, AllWISE,\nAPOGEE, dust"),
    ("SCM", "M star\nor not"),
    ("DGCM", "dwarf\nor giant"),
    ("RVMM", "radial\nvelocity"),
    ("SPMM", r"$T_{\rm eff}$, log g," + "\n" + r"[M/H], [$\alpha$/M]"),
    ("catalogue", "columns, errors,\nflags"),
)


@styled
def draw_flow() -> Figure:
    """The seven steps, and where people can look."""
    figure = new_figure(7.1, 1.5)
    axes = figure.subplots()
    axes.set(xlim=(0, len(STEPS)), ylim=(-0.55, 1.05))
    axes.axis("off")
    for place, (name, words) in enumerate(STEPS):
        module = name.isupper()
        box = FancyBboxPatch((place + 0.06, 0.1), 0.8, 0.85, boxstyle="round,pad=0,rounding_size=0.06")
        box.set(facecolor=SKY if module else "white", edgecolor=BLUE, alpha=0.35 if module else 1.0)
        axes.add_patch(box)
        axes.text(place + 0.46, 0.74, name, ha="center", va="center", weight="bold", fontsize=9)
        axes.text(place + 0.46, 0.36, words, ha="center", va="center", fontsize=7)
        if place:
            axes.annotate(
                "", (place + 0.06, 0.52), (place - 0.14, 0.52), arrowprops={"arrowstyle": "-|>", "color": BLUE}
            )
    axes.annotate(
        "", (2.06, -0.08), (4.86, -0.08), arrowprops={"arrowstyle": "|-|", "color": ORANGE, "mutation_scale": 3}
    )
    axes.text(3.46, -0.34, "people can look at doubtful spectra", ha="center", color=ORANGE, fontsize=8)
    return figure


def spectrum_of(results: Path, key: str, batch: str):
    """One spectrum of a store."""
    spectra = read_batch(results / "spectra" / f"{batch}.h5")
    return spectra.select(np.flatnonzero(spectra.spectrum_key == key)[:1])


def draw_spectrum(results: Path, stars: pd.DataFrame) -> Figure:
    """A spectrum whose LAMOST velocity is wrong, with its best template and its lines."""
    wrong = stars[
        (stars["planted_rv"] == "wrong_rv") & stars["snri"].between(40, 80) & (stars["luminosity_class"] == "dM")
    ]
    wrong = wrong[(wrong["lamost_rv"] - wrong["true_rv_lamost"]).abs().between(150, 400)]
    row = wrong.sort_values("snri").iloc[-1]
    spectrum = spectrum_of(results, row["spectrum_key"], row["batch"])
    measured = read_table(results / "rv" / "measure" / f"{row['batch']}.parquet").set_index("spectrum_key")
    settings = filled({}, engine_models())
    library = load_library(LIBRARY, sources=settings["templates"]["match_sources"])
    found = pd.concat([measured.loc[row["spectrum_key"]], row[["lamost_rv"]]])
    diagnosis, velocities = diagnose_measured(spectrum, found, library, Rvmm(**settings["rvmm"]))
    return draw_diagnosis(diagnosis, velocities, row["spectrum_key"])


@styled
def draw_classes(results: Path, stars: pd.DataFrame) -> Figure:
    """A dwarf and a giant of one subclass, with the features that tell them apart."""
    figure = new_figure(7.1, 2.8)
    axes = figure.subplots()
    for height, kind in ((0.0, "dM"), (1.3, "gM")):
        own = stars[
            (stars["luminosity_class"] == kind) & (stars["planted_rv"] == "") & (stars["subclass"].str.endswith("M4"))
        ]
        row = own.sort_values("snri").iloc[-1]
        spectrum = spectrum_of(results, row["spectrum_key"], row["batch"])
        rest = spectrum.wavelength / (1 + row["rv"] / C_KMS)
        shown = (rest > 6000) & (rest < 9000) & ~spectrum.bad[0]
        flux = spectrum.flux[0] / np.median(spectrum.flux[0][shown])
        axes.plot(rest[shown], flux[shown] + height, color=CLASS_COLOR[kind], lw=0.6)
        axes.text(6030, height + 0.95, f"{kind}, {row['subclass']}", color=CLASS_COLOR[kind], fontsize=9)
    named = luminosity_features()
    named = named[(named["lower"] > 6000) & (named["upper"] < 9000)]
    for feature in named.itertuples():
        axes.axvspan(feature.lower - 2, feature.upper + 2, color=GREY, alpha=0.25, lw=0)
    for name, group in named.groupby("feature"):
        middle = group[["lower", "upper"]].to_numpy().mean()
        axes.text(middle, 3.25, name, rotation=90, ha="center", va="top", fontsize=7)
    axes.set(xlabel=WAVELENGTH, ylabel="flux, scaled and shifted", ylim=(0, 3.3), xlim=(6000, 9000))
    return figure


@styled
def draw_velocities(stars: pd.DataFrame) -> Figure:
    """LAMOST's velocities and those of the catalogue, less the truth, against S/N."""
    figure = new_figure(7.1, 2.6)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, column, title in ((panels[0], "lamost_rv", "LAMOST"), (panels[1], "rv", "this catalogue")):
        good = stars[stars[column].notna() & (stars[column] > -9000)]
        difference = good[column] - good["true_rv_lamost"]
        axes.plot(good["snri"], difference, ".", ms=1.5, color=RED, alpha=0.6)
        axes.axhline(0, color=GREY, lw=0.6)
        beyond = (difference.abs() > 30).sum()
        axes.set(
            xscale="log", xlim=(3, 400), ylim=(-400, 400), title=f"{title}: {beyond} of {len(good):,} off by 30 km/s"
        )
        axes.set(xlabel=axis_label("snr_i"))
    panels[0].set_ylabel(r"RV $-$ true RV (km s$^{-1}$)")
    return figure


@styled
def draw_errors(stars: pd.DataFrame) -> Figure:
    """Scatter about the truth and the errors that the catalogue gives, against S/N."""
    figure = new_figure(7.1, 2.6)
    panels = figure.subplots(1, 2)
    edges = np.geomspace(5, 300, 11)
    for axes, name, truth in ((panels[0], "rv", "true_rv_lamost"), (panels[1], "teff", "true_teff")):
        for kind, color in CLASS_COLOR.items():
            own = stars[(stars["luminosity_class"] == kind) & stars[name].notna()]
            by_bin = own.groupby(pd.cut(own["snri"], edges), observed=True)
            groups = [(interval.mid, group) for interval, group in by_bin if len(group) >= 20]
            middle = [place for place, _ in groups]
            axes.plot(middle, [mad_std(group[name] - group[truth]) for _, group in groups], "o", ms=3, color=color)
            axes.plot(middle, [group[f"{name}_err"].median() for _, group in groups], color=color, label=kind)
        axes.set(xscale="log", xlabel=axis_label("snr_i"), ylabel=axis_label(name, r"$\sigma$ of "))
        axes.set_ylim(bottom=0)
        axes.legend(title="line: the error\npoints: scatter about the truth", title_fontsize=7)
    return figure


@styled
def draw_labels(stars: pd.DataFrame) -> Figure:
    """Parameters of the catalogue against the truth."""
    figure = new_figure(7.1, 2.2)
    good = stars[stars["parameter_flag"] == 1]
    for axes, name in zip(figure.subplots(1, len(LABELS)), LABELS, strict=True):
        for kind, color in CLASS_COLOR.items():
            own = good[good["luminosity_class"] == kind]
            density(axes, own[f"true_{name}"], own[name], color=color, size=1.5)
        ends = np.nanpercentile(good[[name, f"true_{name}"]], [0.1, 99.9])
        axes.plot(ends, ends, color=GREY, lw=0.6)
        axes.set(xlabel=axis_label(name, "true "), ylabel=axis_label(name), box_aspect=1)
    return figure


def stars_of(results: Path) -> pd.DataFrame:
    """Recommended M stars with the truth."""
    catalog = read_table(results / "catalogs" / "recommended.parquet")
    truth = read_table(results / "sim" / "truth.parquet").drop(columns=["lamost_rv", "lamost_class", "plate"])
    plan = read_table(results / "plan" / "m_catalog_v0.parquet", ["spectrum_key", "batch"])
    joined = catalog.merge(truth, on="spectrum_key").merge(plan, on="spectrum_key")
    joined["planted_rv"] = joined["planted_rv"].fillna("").astype(str)
    return joined[joined["true_class"].isin(["dM", "gM"])]


def write(figure: Figure, name: str, dpi: int = 130) -> None:
    """Write a PNG of few colours, which is small."""
    held = io.BytesIO()
    with journal_style():
        figure.savefig(held, format="png", dpi=dpi)
    FOLDER.mkdir(exist_ok=True)
    Image.open(held).convert("RGB").quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)
    print(f"docs/pictures/{name}.png: {(FOLDER / f'{name}.png').stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results of a finished demo, made with this version")
    results = parser.parse_args().results
    stars = stars_of(results)
    write(draw_flow(), "flow")
    write(draw_spectrum(results, stars), "spectrum")
    write(draw_classes(results, stars), "dwarf_and_giant")
    write(draw_velocities(stars), "velocities")
    write(draw_errors(stars), "errors")
    write(draw_labels(stars), "labels")


if __name__ == "__main__":
    main()
