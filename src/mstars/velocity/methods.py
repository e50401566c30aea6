"""Names of the velocities: the methods, their columns, the values of ``rv_from``. Imports nothing."""

RV_FROM = ("LAMOST", "TM", "DSAL_I", "DSAL_II", "TML7500", "DSEL", "NoRV_lowQuality", "NoRV_waveErr")
"""Table 7's values of ``rv_from``."""

SOURCES = {
    "LAMOST": ("lamost_rv", "lamost_rv_err"),
    "TM": ("rv_tm", "rv_tm_err"),
    "DSAL_I": ("rv_dsal1", "rv_dsal1_err"),
    "DSAL_II": ("rv_dsal2", "rv_dsal2_err"),
    "TML7500": ("rv_tml7500", "rv_tml7500_err"),
    "DSEL": ("rv_dsel", "rv_dsel_err"),
}
"""Columns of each method's velocity and error, km/s."""
