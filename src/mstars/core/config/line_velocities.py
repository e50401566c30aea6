"""Velocities from single lines, config section ``rvmm.lines`` (section 3.4.3 of the paper)."""

from __future__ import annotations

from typing import ClassVar

from mstars.core.config.keys import Section, Spans, key


class LineOptions(Section):
    """DSAL I, DSAL II and DSEL: a Gaussian on a linear continuum for each line."""

    PLACE: ClassVar[str] = "rvmm.lines"
    min_significance: float = key(
        3,
        "depth over its error for a line to be there; 0: the deepest place is the line, so that DSAL II always answers",
        unit="sigma",
        ge=0,
        paper=0,
        where="3.4.3",
    )
    min_emission_significance: float = key(
        6, "the same for emission lines: sky lines leave many small peaks", unit="sigma", ge=0
    )
    max_error_kms: float | None = key(
        40,
        "lines with a less certain centre are left out; null: none is",
        unit="km/s",
        gt=0,
        paper=None,
        where="3.4.3",
    )
    consistent_kms: float = key(
        20, "DSAL I: at least three lines within this of their median (the paper gives no number)", unit="km/s", gt=0
    )
    scatter_kms: float = key(
        20,
        "DSAL II, DSEL: the iteration ends below this standard deviation",
        unit="km/s",
        gt=0,
        where="3.4.3",
    )
    tellurics: Spans = key(
        ((6866, 6890), (7592, 7660)),
        "observed wavelengths without lines: the strong parts of the B and A bands",
        unit="angstrom",
        paper=[],
        where="3.2",
    )
