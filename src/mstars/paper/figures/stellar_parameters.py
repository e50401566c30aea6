"""Stellar parameters: label comparison (Figure 12) and internal errors (Figure 13)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.labels import LABELS
from mstars.core.snr import snr_interval
from mstars.paper.figures.colours import BLUE, GREEN, GREY, ORANGE
from mstars.paper.figures.style import (
    CLASS_COLOR,
    PAGE_WIDTH,
    UNIT,
    axis_label,
    difference_note,
    mean_sigma,
    new_figure,
    no_data,
    note,
    one_to_one,
    span,
    styled,
)

SNR_COLORS = (GREY, ORANGE, GREEN, BLUE)
"""Colours of the S/N_i intervals that `snr_interval` counts."""

SNR_NAMES = (r"S/N$_i\leq$20", "20-50", "50-100", ">100")


def best_fold(models: Sequence[dict]) -> int:
    """Index of the model of least validation loss.

    Parameters
    ----------
    models : sequence of dict
        Descriptions (model.json) of the folds.
    """
    losses = [model.get("about", {}).get("validation_loss") for model in models]
    return int(np.argmin([np.inf if loss is None else loss for loss in losses]))


@styled
def draw_label_comparison(validation: dict[str, pd.DataFrame], folds: dict[str, int]) -> Figure:
    """Predicted labels beside APOGEE's, for the fold of least validation loss (Figure 12).

    Parameters
    ----------
    validation : dict of str to pandas.DataFrame
        By class (dM, gM): ``{label}_true``, ``{label}_predicted`` (K, dex) and ``snr_i``.
    folds : dict of str to int
        By class the fold that the table is of.
    """
    figure = new_figure(PAGE_WIDTH, 3.9)
    panels = figure.subplots(len(validation), len(LABELS), squeeze=False)
    for row, (kind, table) in zip(panels, validation.items(), strict=True):
        for axes, label in zip(row, LABELS, strict=True):
            _label_panel(axes, table, label)
        note(row[0], f"{kind}, fold {folds.get(kind, '-')}", "lower right")
    handles = [
        panels[0][0].scatter([], [], s=6, c=color, label=name)
        for color, name in zip(SNR_COLORS, SNR_NAMES, strict=True)
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), handletextpad=0.1)
    return figure


def _label_panel(axes, table: pd.DataFrame, label: str) -> None:
    axes.set_xlabel(axis_label(label, "APOGEE "))
    axes.set_ylabel(axis_label(label, "CNN "))
    truth = table[f"{label}_true"].to_numpy(float)
    predicted = table[f"{label}_predicted"].to_numpy(float)
    if not np.isfinite(truth + predicted).any():
        no_data(axes, "no star with this label")
        return
    interval = np.maximum(snr_interval(table["snr_i"]), 0)
    for number, color in enumerate(SNR_COLORS):
        chosen = interval == number
        axes.scatter(truth[chosen], predicted[chosen], s=3, c=color, linewidths=0, alpha=0.8, rasterized=True)
    one_to_one(axes, span(truth, predicted, share=0.0))
    difference_note(axes, predicted - truth, label)


def running_error(snr, error, width: float = 5.0, largest: float = 200.0) -> pd.DataFrame:
    """Median and 16th, 84th percentile of errors in S/N intervals (Figure 13's points and bars).

    Parameters
    ----------
    snr, error : ndarray, [n]
        S/N_i and an error of the same rows.
    width : float
        Each interval is (centre - width/2, centre + width/2).
    largest : float
        S/N at which the figure ends; spectra from there on are left out.

    Returns
    -------
    pandas.DataFrame
        snr, n, median, p16, p84; intervals without a spectrum are left out.
    """
    snr, error = np.asarray(snr, dtype=float), np.asarray(error, dtype=float)
    keep = np.isfinite(snr) & np.isfinite(error) & (snr > 0) & (snr < largest)
    index = np.floor(snr[keep] / width).astype(int)
    grouped = pd.Series(error[keep]).groupby(index)
    result = grouped.quantile([0.16, 0.5, 0.84]).unstack()
    result = result.reindex(columns=[0.16, 0.5, 0.84]).set_axis(["p16", "median", "p84"], axis=1)
    result.insert(0, "snr", (result.index.to_numpy() + 0.5) * width)
    result.insert(1, "n", grouped.size())
    return result.reset_index(drop=True)


@styled
def draw_internal_errors(catalog: pd.DataFrame) -> Figure:
    """Errors of the recommended velocities and parameters against S/N_i (Figure 13).

    Parameters
    ----------
    catalog : pandas.DataFrame
        snr_i, luminosity_class, rv_err (km/s), teff_err (K), logg_err, m_h_err, alpha_m_err (dex), rv_flag,
        parameter_flag; only recommended values (flag = 1) are used.
    """
    names = ("rv", *LABELS)
    figure = new_figure(PAGE_WIDTH, 3.6)
    panels = figure.subplots(2, 3).ravel()
    for axes, name in zip(panels, names, strict=False):
        flag = "rv_flag" if name == "rv" else "parameter_flag"
        _error_panel(axes, catalog[catalog[flag] == 1], name)
    panels[-1].set_axis_off()
    handles = [
        panels[-1].errorbar([], [], [], fmt="o", ms=2.5, color=color, label=kind, lw=0.7)
        for kind, color in CLASS_COLOR.items()
    ]
    panels[-1].legend(handles=handles, loc="center", title="median, 16th and 84th\npercentile of each interval")
    return figure


def _error_panel(axes, table: pd.DataFrame, name: str) -> None:
    axes.set_xlabel(axis_label("snr_i"))
    axes.set_ylabel(axis_label(name, r"$\sigma$ of "))
    axes.set_xlim(0, 200)
    drawn, lines = 0, []
    for kind, color in CLASS_COLOR.items():
        rows = table[table["luminosity_class"] == kind]
        errors = running_error(rows["snr_i"], rows[f"{name}_err"])
        drawn += len(errors)
        bars = np.maximum([errors["median"] - errors["p16"], errors["p84"] - errors["median"]], 0)
        shifted = errors["snr"] + (0.5 if kind == "gM" else -0.5)  # so that neither hides the other
        axes.errorbar(shifted, errors["median"], bars, fmt="o", ms=2, color=color, lw=0.6, elinewidth=0.5)
        mean = mean_sigma(rows[f"{name}_err"])[0]
        if np.isfinite(mean):
            digits = 0 if name in ("rv", "teff") else 2
            lines.append(f"{kind}: mean {mean:.{digits}f} {UNIT[name]}")
    if drawn:
        note(axes, "\n".join(lines), "upper right")
        axes.set_ylim(bottom=0)
    else:
        no_data(axes, f"no recommended {name}\nwith an error")
