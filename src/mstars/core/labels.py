"""The stellar labels that the workflow measures: name, unit, APOGEE's column, and how text and figures write them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """One stellar label.

    Attributes
    ----------
    name : str
        The column's name in every table of the workflow.
    unit : str
        ``K`` or ``dex``.
    apogee : str
        The column of APOGEE's allStar; its error is ``{apogee}_ERR``.
    plain : str
        The label in plain text.
    symbol : str
        The label in a figure, for matplotlib.
    """

    name: str
    unit: str
    apogee: str
    plain: str
    symbol: str

    @property
    def head(self) -> str:
        """Plain text with the unit, for the head of a table's column."""
        return f"{self.plain} ({self.unit})"


STELLAR_LABELS = (
    Label("teff", "K", "TEFF", "Teff", r"$T_{\rm eff}$"),
    Label("logg", "dex", "LOGG", "log g", r"$\log g$"),
    Label("m_h", "dex", "M_H", "[M/H]", r"[M/H]"),
    Label("alpha_m", "dex", "ALPHA_M", "[alpha/M]", r"[$\alpha$/M]"),
)
"""All labels, in the order of every table and of every model's outputs."""

LABELS = tuple(label.name for label in STELLAR_LABELS)
"""Names of the labels."""

UNITS = {label.name: label.unit for label in STELLAR_LABELS}
"""Unit of each label."""

APOGEE_COLUMNS = {label.name: label.apogee for label in STELLAR_LABELS}
"""APOGEE's column of each label."""
