"""Radial velocities (RVMM, Li et al. 2025, section 3.4.3): template matching, lines, selection, decision."""

from mstars.on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "bank": ["TemplateBank", "coarse_grid", "make_bank"],
        "combine": ["best_velocity", "repeat_pulls", "zero_point"],
        "lines": ["LineOptions", "dsal", "dsel", "line_list", "measure_lines"],
        "matching": ["MatchOptions", "match_templates"],
        "methods": ["RV_FROM", "SOURCES", "TM_FLAGS"],
        "paper": ["match_paper"],
        "selection": [
            "SelectionOptions",
            "apply_decisions",
            "candidates",
            "clipped_band",
            "consensus",
            "select",
            "table7",
        ],
        "stage": ["bank_of", "measure", "remeasure"],
    },
)
