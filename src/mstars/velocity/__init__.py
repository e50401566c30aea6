"""Radial velocities (RVMM, Li et al. 2025, section 3.4.3): template matching, lines, selection, decision."""

from mstars.velocity.bank import TemplateBank, coarse_grid, make_bank
from mstars.velocity.combine import best_velocity, repeat_pulls, zero_point
from mstars.velocity.lines import LineOptions, dsal, dsel, line_list, measure_lines
from mstars.velocity.matching import TM_FLAGS, MatchOptions, match_templates
from mstars.velocity.paper import match_paper
from mstars.velocity.selection import (
    RV_FROM,
    SelectionOptions,
    apply_decisions,
    candidates,
    clipped_band,
    consensus,
    select,
    table7,
)
from mstars.velocity.stage import bank_of, measure, remeasure

__all__ = [
    "RV_FROM",
    "TM_FLAGS",
    "LineOptions",
    "MatchOptions",
    "SelectionOptions",
    "TemplateBank",
    "apply_decisions",
    "bank_of",
    "best_velocity",
    "candidates",
    "clipped_band",
    "coarse_grid",
    "consensus",
    "dsal",
    "dsel",
    "line_list",
    "make_bank",
    "match_paper",
    "match_templates",
    "measure",
    "measure_lines",
    "remeasure",
    "repeat_pulls",
    "select",
    "table7",
    "zero_point",
]
