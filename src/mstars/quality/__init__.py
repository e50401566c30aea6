"""Which velocities and parameters are recommended for use (Li et al. 2025, section 4.1)."""

from mstars.quality.errors import SNR_EDGES, excess_error, fit_errors, passes_errors
from mstars.quality.flags import parameter_flags, rv_flag
from mstars.quality.ranges import TABLE_10, inside_ranges, recompute_ranges, reliable_members

__all__ = [
    "SNR_EDGES",
    "TABLE_10",
    "excess_error",
    "fit_errors",
    "inside_ranges",
    "parameter_flags",
    "passes_errors",
    "recompute_ranges",
    "reliable_members",
    "rv_flag",
]
