"""Confusion matrices: Figures 3, 4, 5 and 8."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mstars.core.classes import LUMINOSITY_CLASSES, SPECTRAL_CLASSES
from mstars.paper.figures.style import COLUMN_WIDTH, new_figure, no_data, styled

CLASS_ORDER = (*SPECTRAL_CLASSES, *LUMINOSITY_CLASSES)


def confusion(truth, predicted) -> tuple[list[str], np.ndarray]:
    """Counts by true and predicted class, in the paper's order of classes.

    Parameters
    ----------
    truth, predicted : sequence of str, [n]

    Returns
    -------
    classes : list of str, [m]
    counts : ndarray, int [m, m]
        Rows are true classes, columns predicted ones.
    """
    found = set(map(str, truth)) | set(map(str, predicted))
    order = [name for name in CLASS_ORDER if name in found] + sorted(found - set(CLASS_ORDER))
    table = pd.crosstab(pd.Categorical(truth, order), pd.Categorical(predicted, order), dropna=False)
    return order, table.to_numpy()


@styled
def draw_confusion(validation: pd.DataFrame, name: str) -> Figure:
    """Confusion matrix of a classifier on its held-out spectra, in per cent of the true class.

    Parameters
    ----------
    validation : pandas.DataFrame
        With columns ``truth`` and ``predicted``.
    name : str
        Name of the network, for the title.
    """
    if not len(validation):
        figure = new_figure(COLUMN_WIDTH, 2.0)
        no_data(figure.subplots(), "the validation set is empty")
        return figure
    classes, counts = confusion(validation["truth"], validation["predicted"])
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = new_figure(COLUMN_WIDTH, COLUMN_WIDTH * (0.95 if len(classes) > 2 else 0.75))
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
    for row, column in np.argwhere(counts > 0):
        text = f"{100 * share[row, column]:.2f}%" if len(classes) > 2 else _with_count(share, counts, row, column)
        axes.text(
            *(column, row, text),
            ha="center",
            va="center",
            fontsize=5.0 if len(classes) > 2 else 8,
            color="white" if share[row, column] > 0.6 else "black",
        )
    size = 7 if len(classes) < 5 else 5.5
    axes.set_xticks(range(len(classes)), classes, fontsize=size)
    rows = [f"{name}\n$n$ = {n}" for name, n in zip(classes, counts.sum(axis=1), strict=True)]
    axes.set_yticks(range(len(classes)), rows, fontsize=size)
    axes.tick_params(which="both", length=0)
    axes.minorticks_off()
    axes.set_xlabel("Predicted label")
    axes.set_ylabel("True label")
    present = counts.sum(axis=1) > 0
    axes.set_title(f"{name}: average accuracy {100 * np.diag(share)[present].mean():.2f}%, {counts.sum()} spectra")
    return figure


def _with_count(share, counts, row, column) -> str:
    return f"{100 * share[row, column]:.2f}%\n({counts[row, column]})"
