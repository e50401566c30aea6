"""Settings that all engines share: each engine's ``settings.py`` adds its own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mstars.core.config.keys import List, Section, key
from mstars.core.snr import SNR

Limits = Annotated[tuple[float | None, float | None], List]
Band = Literal[SNR]


class EngineSettings(Section):
    """Training set, flags and calibrated errors."""

    folds: int = key(10, "folds of the cross-validation", ge=2, le=100)
    split: Literal["star", "spectrum"] = key("star", "folds of stars, else repeats leak, or of spectra")
    snr_min: float = key(5, "the least S/N_max of a training spectrum")
    min_labelled: int = key(20, "the fewest labelled stars that a class needs", ge=2)
    aspcap_class: Literal["consistent", "any"] = key(
        "consistent", "the d or g of ASPCAP_CLASS must agree with luminosity_class; any: no cut"
    )
    aspcapflag_reject: Annotated[tuple[Annotated[int, Field(ge=0, le=31)], ...], List] = key(
        (), "bits of ASPCAPFLAG that exclude a star"
    )
    cuts: dict[str, Limits] = key(
        {}, "limits (included, null for none) of labels and their errors in the training set, by column"
    )
    least_snr: dict[Band, float] = key(
        {}, "S/N that a spectrum must exceed, by band; with less it is flagged below_snr"
    )
    filled_max: float = key(
        0.3, "spectra of which a larger share is interpolated across masked pixels get a flag", ge=0, le=1
    )
    label_errors: Literal["removed", "kept"] = key(
        "removed", "calibrated errors: the labels' own errors taken out of the residuals, or left in"
    )
    training_stars: Literal["fitted", "out_of_fold"] = key(
        "fitted", "parameters of training stars: as of all stars, or by a model that has not seen them"
    )
