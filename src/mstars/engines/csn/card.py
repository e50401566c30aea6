"""How far to believe the labels: the numbers of the networks and of the three experiments in one small scorecard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mstars.engines.csn.info import INFO


@dataclass(frozen=True)
class Line:
    """A number of the scorecard.

    Attributes
    ----------
    source : str
        Where it stands: model, transfer, split, zero_point or gravity.
    path : tuple of str
        Keys to it in that source.
    meaning : str
    most : float, optional
        It should be at most this.
    """

    source: str
    path: tuple[str, ...]
    meaning: str
    most: float | None = None


def _by_label(source: str, name: str, meaning: str, most: float | None = None) -> dict[str, Line]:
    return {
        f"{source}_{label}_{name}": Line(source, (label, name), f"{label}: {meaning}", most) for label in INFO.labels
    }


def _of_training(name: str, meaning: str, most: float | None = None) -> Line:
    return Line("model", ("about", name), meaning, most)


LINES = {
    "iterations": _of_training("iterations", "iterations of the training"),
    "best_iteration": _of_training("best_iteration", "the checkpoint that is used"),
    "told_apart_spectra": _of_training("told_apart_spectra", "accuracy of a linear classifier of the domains"),
    "told_apart_shared": _of_training("told_apart_shared", "the same on the shared latents; 0.5 is best", 0.6),
    "told_apart_same_labels": _of_training(
        "told_apart_same_labels", "the same beside synthetic spectra with the labels of the fits", 0.6
    ),
    "residual_theory": Line("transfer", ("theory",), "residual over noise without transfer"),
    "residual_transfer": Line("transfer", ("transfer",), "residual over noise with transfer"),
    **_by_label("split", "moved", "shift by split latents of other stars, in formal errors", 1.0),
    **_by_label("split", "r2_split", "R2 of a linear regression on the split latents", 0.1),
    "zero_point_teff_share": Line("zero_point", ("teff_share",), "share of a hotter reference that Teff follows"),
    **_by_label("zero_point", "bias", "shift by a reference that is 100 K hotter (K, dex)"),
    **_by_label("gravity", "bias", "shift by log g shuffled in the synthetic set (K, dex)"),
    "gravity_logg_slope": Line("gravity", ("logg", "slope"), "slope of log g with shuffled training against without"),
    "gravity_logg_correlation_true_own": Line(
        "gravity", ("logg", "correlation_true_own"), "correlation of log g with the truth"
    ),
    "gravity_logg_correlation_true_other": Line(
        "gravity", ("logg", "correlation_true_other"), "the same with shuffled training"
    ),
}
"""Keys of the scorecard."""


def trust_card(sources: Mapping[str, Mapping]) -> dict[str, float | None]:
    """The numbers by key; None where a source has none.

    Parameters
    ----------
    sources : mapping
        Of each source of `LINES` its JSON object.
    """
    card: dict[str, float | None] = {}
    for key, line in LINES.items():
        value = sources.get(line.source, {})
        for name in line.path:
            value = value.get(name) if isinstance(value, Mapping) else None
        card[key] = None if value is None or not np.isfinite(value) else float(value)
    return card


def trust_rows(card: Mapping[str, float | None]) -> list[list[str]]:
    """The scorecard as rows of key, value, aim and meaning, the head first."""
    rows = [["key", "value", "aim", "what it is"]]
    for key, line in LINES.items():
        value, aim = card.get(key), ""
        if line.most is not None:
            said = "no data" if value is None else "met" if value <= line.most else "NOT MET"
            aim = f"<= {line.most:g} {said}"
        rows.append([key, "-" if value is None else f"{value:.4g}", aim, line.meaning])
    return rows


def as_markdown(card: Mapping[str, float | None], survey: str) -> str:
    """`trust_rows` as a Markdown table under a heading."""
    head, *rows = (f"| {' | '.join(row)} |" for row in trust_rows(card))
    lines = [f"# Cycle-StarNet on {survey}: how far to believe its labels", "", "Keys: docs/engines/csn.md.", ""]
    return "\n".join([*lines, head, "|---|---|---|---|", *rows]) + "\n"
