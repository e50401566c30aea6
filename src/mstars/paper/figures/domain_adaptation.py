"""Cycle-StarNet (Zhang et al. 2025): emulator, inputs, losses, maps, residuals, and the experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.paper.figures.colours import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from mstars.paper.figures.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    WAVELENGTH,
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

_LABELS = ("teff", "logg", "m_h")
_SAID = {
    "split": ("own split latent", "split latents of other stars"),
    "zero_point": ("reference as it is", "reference 100 K hotter"),
    "gravity": ("log g along isochrones", "log g shuffled in training"),
}
_LOSSES = {
    "rec_synth": ("within, synthetic", BLUE, "-"),
    "rec_obs": ("within, observed", RED, "-"),
    "cr_synth": ("cycle, synthetic", BLUE, ":"),
    "cr_obs": ("cycle, observed", RED, ":"),
}


@styled
def draw_experiment(table: pd.DataFrame, numbers: Mapping, experiment: str) -> Figure:
    """The labels of one experiment against the engine's own.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `mstars.engines.csn.experiments`: {label}_own and {label}_other.
    numbers : mapping
        Of the same.
    experiment : {"split", "zero_point", "gravity"}
    """
    figure = new_figure(PAGE_WIDTH, 2.7)
    own_said, other_said = _SAID[experiment]
    for axes, label in zip(figure.subplots(1, 3), _LABELS, strict=True):
        own, other = (table[f"{label}_{name}"].to_numpy(float) for name in ("own", "other"))
        good = np.isfinite(own) & np.isfinite(other)
        axes.set_xlabel(axis_label(label, suffix=f", {own_said}"))
        axes.set_ylabel(axis_label(label, suffix=f", {other_said}"))
        if not good.any():
            no_data(axes, "no spectrum with this label")
            continue
        one_to_one(axes, span(own[good], other[good]))
        density(axes, own[good], other[good], cmap="Greys")
        note(axes, _words(numbers, label, experiment), bbox=WHITE)
    return figure


def _words(numbers: Mapping, label: str, experiment: str) -> str:
    said = numbers[label]
    digits = 0 if label == "teff" else 2
    lines = [f"median {said['bias']:+.{digits}f}, scatter {said['sigma']:.{digits}f}"]
    if experiment == "split":
        lines += [f"{said['moved']:.2f} of the error", f"$R^2$ of the split latent {said['r2_split']:.2f}"]
    else:
        lines.append(f"slope {said['slope']:.2f}")
    if "sigma_true_own" in said:
        lines.append(
            f"scatter about the truth {said['sigma_true_own']:.{digits}f}, {said['sigma_true_other']:.{digits}f}"
        )
    return "\n".join(lines)


@styled
def draw_emulator(nodes: pd.DataFrame) -> Figure:
    """Reconstruction error of the emulator over the theory grid (Figure 3): nodes that it was not trained on.

    Parameters
    ----------
    nodes : pandas.DataFrame
        teff (K), logg, m_h (dex), valid, error (Eq. 1).
    """
    figure = new_figure(PAGE_WIDTH, 2.6)
    held = nodes[nodes["valid"]]
    panels = figure.subplots(1, 2, sharex=True)
    for axes, label in zip(panels, ("logg", "m_h"), strict=True):
        scatter = np.random.default_rng(0).uniform(-1, 1, len(held)) * (0.05 * np.ptp(nodes[label]))
        points = axes.scatter(held["teff"], held[label] + scatter, s=9, c=100 * held["error"], linewidths=0)
        axes.set(xlabel=axis_label("teff"), ylabel=axis_label(label))
    panels[0].invert_xaxis()  # of both
    panels[0].invert_yaxis()
    figure.colorbar(points, ax=panels, label="mean |residual| (%)")
    note(panels[1], f"median {100 * held['error'].median():.2f} %, {len(held)} spectra", "lower left", bbox=WHITE)
    return figure


@styled
def draw_losses(history: pd.DataFrame) -> Figure:
    """Losses of the training and what judges its checkpoints (Figure 6).

    Parameters
    ----------
    history : pandas.DataFrame
        Of a model folder: iteration, rec_synth, rec_obs, cr_synth, cr_obs, adv, critic, chi2, chi2_theory.
    """
    figure = new_figure(COLUMN_WIDTH, 4.6)
    above, middle, below = figure.subplots(3, 1, sharex=True)
    for name, (said, color, line) in _LOSSES.items():
        above.plot(history["iteration"], history[name], color=color, ls=line, label=said)
    for name, color in (("adv", ORANGE), ("critic", PURPLE)):
        middle.plot(
            history["iteration"], history[name], color=color, label={"adv": "generator", "critic": "critics"}[name]
        )
    below.plot(history["iteration"], history["chi2"], color=GREEN, marker="o", ms=2, label="with transfer")
    below.plot(history["iteration"], history["chi2_theory"], color=GREY, label="without")
    above.set(yscale="log", ylabel=r"$L_{\rm rec}$, $L_{\rm cr}$")
    middle.set(ylabel=r"$L_{\rm adv}$")
    below.set(ylabel=r"$\chi^2$ of held-out spectra", xlabel="iteration")
    above.legend(loc="upper right", ncols=2)
    for axes in (middle, below):
        axes.legend(loc="best")
    return figure


@styled
def draw_maps(maps: pd.DataFrame) -> Figure:
    """t-SNE maps of both domains (Figure 7).

    Parameters
    ----------
    maps : pandas.DataFrame
        Of `mstars.engines.csn.transfer.maps`.
    """
    figure = new_figure(PAGE_WIDTH, 2.6)
    titles = {
        "spectra": "spectra",
        "latents": "shared latent space",
        "transferred": "theory moved to the observed domain",
    }
    for axes, (panel, title) in zip(figure.subplots(1, 3), titles.items(), strict=True):
        for domain, color in (("observed", RED), ("synthetic", BLUE)):
            own = maps[(maps["panel"] == panel) & (maps["domain"] == domain)]
            axes.scatter(own["x"], own["y"], s=3, c=color, alpha=0.5, linewidths=0, label=domain, rasterized=True)
        axes.set(title=title, xticks=[], yticks=[])
    axes.legend(loc="best", markerscale=3)
    return figure


def _shade(axes, masks: Sequence) -> None:
    """Grey where pixels are left out."""
    for lower, upper in masks:
        axes.axvspan(lower, upper, color=GREY, alpha=0.3, lw=0)


@styled
def draw_residuals(table: pd.DataFrame, numbers: Mapping, masks: Sequence) -> Figure:
    """Residuals of the fits beside the noise, without and with transfer (Figure 8).

    Parameters
    ----------
    table : pandas.DataFrame
        Of `mstars.engines.csn.transfer.residuals`.
    numbers : mapping
        Of the same.
    masks : sequence of (float, float)
        Angstrom.
    """
    figure = new_figure(PAGE_WIDTH, 3.6)
    top = 1.15 * np.nanpercentile(table[["theory", "transfer", "error"]].to_numpy(), 99.5)
    for axes, (name, said) in zip(
        figure.subplots(2, 1, sharex=True), (("theory", "without transfer"), ("transfer", "with transfer")), strict=True
    ):
        axes.plot(table["wavelength"], table[name], color=BLUE, lw=0.6, label="median |residual|")
        axes.plot(table["wavelength"], table["error"], color=ORANGE, lw=0.6, label="median error")
        _shade(axes, masks)
        axes.set(ylim=(0, top), ylabel="normalised flux")
        note(axes, f"{said}: {numbers[name]:.2f} of the noise", "upper right")
    axes.set(xlabel=WAVELENGTH, xlim=(table["wavelength"].min(), table["wavelength"].max()))
    axes.legend(loc="upper left", ncols=2)
    return figure


@styled
def draw_preprocessing(spectrum: pd.DataFrame, name: str, masks: Sequence) -> Figure:
    """A spectrum on its way to the networks (Figure 5).

    Parameters
    ----------
    spectrum : pandas.DataFrame
        wavelength, flux, continuum, error, normalised, normalised_error.
    name : str
    masks : sequence of (float, float)
    """
    figure = new_figure(PAGE_WIDTH, 5.0)
    rows = (
        (("flux", BLACK), ("continuum", RED)),
        (("error", BLACK),),
        (("normalised", BLACK),),
        (("normalised_error", BLACK),),
    )
    labels = ("flux", "error", "flux / continuum", "error / continuum")
    for axes, columns, label in zip(figure.subplots(4, 1, sharex=True), rows, labels, strict=True):
        for column, color in columns:
            axes.plot(spectrum["wavelength"], spectrum[column], color=color, lw=0.6)
        _shade(axes, masks)
        axes.set_ylabel(label)
    axes.set(xlabel=WAVELENGTH, xlim=(spectrum["wavelength"].min(), spectrum["wavelength"].max()))
    figure.axes[0].set_title(name)
    return figure
