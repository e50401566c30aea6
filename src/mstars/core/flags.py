"""Bits of the flag columns, each with its meaning.

Documentation, column descriptions, `mstars explain` and the metadata of the catalogues are written from these
classes. The bits of LAMOST's pixel mask are in `mstars.spectra.ormask`.

A member is one number to NumPy and pandas: ``table["tm_flag"] & TemplateFlag.EDGE`` works. NumPy gives int64 for an
int32 array and a member, so a table casts its flag column once, at the end.
"""

from __future__ import annotations

import enum


class FlagBits(enum.IntFlag):
    """Base of the flag classes: a member is declared as ``NAME = bit, "meaning"`` or ``bit, "meaning", "more"``.

    Attributes
    ----------
    meaning : str
        A few words, for a column's description.
    more : str
        A sentence for the documentation; may be empty.
    """

    def __new__(cls, bit: int, meaning: str = "", more: str = ""):
        member = int.__new__(cls, bit)
        member._value_, member.meaning, member.more = bit, meaning, more
        return member

    __iter__ = None
    """A member isn't iterable: pandas would take it for a list."""

    @property
    def key(self) -> str:
        """The bit's name in JSON files and messages."""
        return self.name.lower()

    @classmethod
    def all_bits(cls) -> int:
        """Every bit that has a meaning."""
        return sum(cls)

    @classmethod
    def keys(cls, value: int) -> list[str]:
        """Names of the bits that are set in a value."""
        return [member.key for member in cls if int(value) & member]

    @classmethod
    def meanings(cls) -> str:
        """All bits with their meanings, in one line: the text of a column's description."""
        return ", ".join(f"{int(member)} {member.meaning}" for member in cls)

    @classmethod
    def markdown(cls) -> str:
        """All bits as a table of the documentation."""
        rows = [f"| {int(bit)} | `{bit.key}` | {bit.meaning}{'; ' if bit.more else ''}{bit.more} |" for bit in cls]
        return "\n".join(["| bit | name | meaning |", "|---|---|---|", *rows])


class TemplateFlag(FlagBits):
    """Bits of a template matching (``tm_flag``, ``tml7500_flag``)."""

    EDGE = 1, "minimum at the end of the grid"
    TWO_MINIMA = 2, "a second minimum", "within `two_minima_sigma` of the first"
    POOR_CHI2 = 4, "residuals above the noise", "by more than `poor_residual` of the mean flux"
    FEW_PIXELS = 8, "few good pixels", "fewer than `min_pixels`"
    NOT_MEASURED = 16, "not measured", "the velocity is null"
    FEATURELESS = 32, "chi2 hardly depends on the velocity", "or a quartic alone fits as well (`featureless_sigma`)"


class LineFlag(FlagBits):
    """Bits of a velocity from single lines (``dsal1_flag``, ``dsal2_flag``, ``dsel_flag``)."""

    FEW_LINES = 1, "fewer lines than the method asks for"
    INCONSISTENT = 2, "lines that disagree", "the lines left scatter more than `scatter_kms`"
    NOT_MEASURED = 4, "not measured", "the velocity is null"
    NO_HALPHA_OR_CA = 8, "neither H-alpha nor Ca II", "DSEL alone: the lines may be of a nebula or of the sky"
    HALPHA_ALONE = 16, "H-alpha is the only line", "DSEL alone: the error is that of its own fit"


class EngineFlag(FlagBits):
    """Bits of a parameter engine's ``flag`` (``engine_flag`` in the catalogues)."""

    NO_RV = (
        1,
        "no velocity",
        "the spectrum was not shifted (the paper gives its parameters too), so parameter_flag is 0",
    )
    NO_PREDICTION = 2, "no prediction", "there is no spectrum, or one of constants"
    INTERPOLATED = 4, "much interpolated", "`filled_share` is above the engine's `filled_max`"
    SIMULATION_TRAINED = 8, "models of simulated spectra", "the survey is real, so parameter_flag is 0"
    OUTSIDE_TRAINING_LABELS = 16, "outside the training labels", "at least one label is"
    TRAINING_STAR = 32, "a training star", "a model of the engine was trained on it"
    UNLIKE_TRAINING = 64, "unlike the training set", "the score of outliers is at least `scm.ood.threshold`"
    OTHER_CLASS = 128, "another class", "the engine has no model for this luminosity class"
    NOT_CONVERGED = 256, "fit not converged", "parameter_flag is 0"
    AT_BOUNDARY = 512, "fit at the edge of the labels", "parameter_flag is 0"
    POOR_FIT = 1024, "poor fit", "chi2 is above the engine's limit, so parameter_flag is 0"
    BELOW_SNR = 2048, "low S/N", "not above the engine's `least_snr`, so parameter_flag is 0"


class AspcapFlag(FlagBits):
    """Bits of APOGEE's ASPCAPFLAG (DR16) that judge the labels or the whole star."""

    TEFF_WARN = 1 << 0, "effective temperature: warning"
    LOGG_WARN = 1 << 1, "surface gravity: warning"
    M_H_WARN = 1 << 3, "metallicity: warning"
    ALPHA_M_WARN = 1 << 4, "abundance of alpha elements: warning"
    STAR_WARN = 1 << 7, "the whole star: warning"
    CHI2 = 1 << 8, "high chi2"
    COLORTE = 1 << 9, "temperature and colour disagree"
    ROTATION = 1 << 10, "broad lines: the star may rotate fast"
    SN = 1 << 11, "low S/N"
    TEFF_BAD = 1 << 16, "effective temperature: bad"
    LOGG_BAD = 1 << 17, "surface gravity: bad"
    M_H_BAD = 1 << 19, "metallicity: bad"
    ALPHA_M_BAD = 1 << 20, "abundance of alpha elements: bad"
    STAR_BAD = 1 << 23, "the whole star: bad"


class ApogeeTargetFlag(FlagBits):
    """The bit of APOGEE's EXTRATARG that is used here."""

    DUPLICATE = 1 << 4, "another row of allStar has the same star"


FLAG_COLUMNS: dict[str, type[FlagBits]] = {
    "tm_flag": TemplateFlag,
    "tml7500_flag": TemplateFlag,
    "dsal1_flag": LineFlag,
    "dsal2_flag": LineFlag,
    "dsel_flag": LineFlag,
    "flag": EngineFlag,
    "ASPCAPFLAG": AspcapFlag,
}
"""Columns of the workflow's tables that hold bits, and what the bits mean."""
