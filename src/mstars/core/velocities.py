"""Names of the velocities: the methods, their columns, the values of ``rv_from``, the flags. Imports nothing."""

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

TM_FLAGS = {
    "edge": 1,
    "two_minima": 2,
    "poor_chi2": 4,
    "few_pixels": 8,
    "not_measured": 16,
    "featureless": 32,
}
"""Bits of ``tm_flag``: the minimum lies at the end of the grid; a second minimum within a few sigma; residuals far
above the noise; few good pixels; no velocity at all (rv_tm is NaN); chi2 hardly depends on the velocity, or a quartic
fits as well without a template."""

USELESS = TM_FLAGS["edge"] | TM_FLAGS["not_measured"] | TM_FLAGS["featureless"] | TM_FLAGS["few_pixels"]
"""Bits with which a velocity is not used by any decision."""

LINE_FLAGS = {"few_lines": 1, "inconsistent": 2, "not_measured": 4, "no_halpha_or_ca": 8, "halpha_alone": 16}
"""Bits of ``dsal1_flag``, ``dsal2_flag``, ``dsel_flag``: fewer lines than the method asks for; the lines left scatter
more than ``scatter_kms``; no velocity; DSEL only: neither H-alpha nor Ca II among the lines (nebula or sky); H-alpha is
the only line, and the error is that of its own fit."""

LINE_ERROR_KMS = {2: 45.0, 3: 25.0, 4: 14.0, 5: 11.0}
"""Least error of a DSAL velocity by its number of lines, where methods are compared or combined: a few lines' standard
deviation is small by chance. 1.4 times their scatter in a simulated survey set apart, as they share TM's noise."""
