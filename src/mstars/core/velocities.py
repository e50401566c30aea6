"""Names of the velocities: the methods, their columns, the values of ``rv_from``."""

from mstars.core.flags import TemplateFlag

RV_FROM = ("LAMOST", "TM", "DSAL_I", "DSAL_II", "TML7500", "DSEL", "NoRV_lowQuality", "NoRV_waveErr")
"""Values of ``rv_from``, without blanks."""

PAPER_RV_FROM = {name: name.replace("DSAL_", "DSAL ") for name in RV_FROM}
"""The paper's spelling (Table 7) of each of `RV_FROM`: what people read in figures, pictures and texts."""

SOURCES = {
    "LAMOST": ("lamost_rv", "lamost_rv_err"),
    "TM": ("rv_tm", "rv_tm_err"),
    "DSAL_I": ("rv_dsal1", "rv_dsal1_err"),
    "DSAL_II": ("rv_dsal2", "rv_dsal2_err"),
    "TML7500": ("rv_tml7500", "rv_tml7500_err"),
    "DSEL": ("rv_dsel", "rv_dsel_err"),
}
"""Columns of each method's velocity and error, km/s."""

USELESS = TemplateFlag.EDGE | TemplateFlag.NOT_MEASURED | TemplateFlag.FEATURELESS | TemplateFlag.FEW_PIXELS
"""Bits with which a velocity is not used by any decision."""

LINE_ERROR_KMS = {2: 45.0, 3: 25.0, 4: 14.0, 5: 11.0}
"""Least error of a DSAL velocity by its number of lines, where methods are compared or combined: a few lines' standard
deviation is small by chance. 1.4 times their scatter in a simulated survey set apart, as they share TM's noise."""
