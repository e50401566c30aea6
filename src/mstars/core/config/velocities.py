"""Radial velocities, config section ``rvmm`` (section 3.4.3 of the paper)."""

from __future__ import annotations

from typing import ClassVar

from mstars.core.config.keys import Section, subsection
from mstars.core.config.line_velocities import LineOptions
from mstars.core.config.template_matching import MatchOptions
from mstars.core.config.velocity_selection import SelectionOptions


class Rvmm(Section):
    """Radial velocities (section 3.4.3)."""

    PLACE: ClassVar[str] = "rvmm"
    tm: MatchOptions = subsection(MatchOptions)
    lines: LineOptions = subsection(LineOptions)
    selection: SelectionOptions = subsection(SelectionOptions)
