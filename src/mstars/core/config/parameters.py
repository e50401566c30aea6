"""Stellar parameters, which are recommended, and the engines (sections 3.4.4 and 4.1 of the paper)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mstars.core.config.keys import List, Section, Words, inherited, key
from mstars.core.config.networks import FoldNetworks


class Spmm(Section):
    """Stellar parameters by label transfer, CNN-TLMA (section 3.4.4)."""

    PLACE: ClassVar[str] = "spmm"
    folds: int = key(10, "folds of the cross-validation: so many models a class", ge=2, le=100, where="3.4.4")
    split: Literal["star", "spectrum"] = key(
        "star",
        "folds of stars, else repeats leak, or of spectra",
        paper="spectrum",
        where="3.4.4",
    )
    snr_min: float = key(5, "the least S/N_max of a training spectrum", where="3.4.4")
    min_labelled: int = key(20, "the fewest stars with APOGEE labels that a class needs", ge=2)
    aspcap_class: Literal["consistent", "any"] = key(
        "consistent", "the d or g of ASPCAP_CLASS must agree with luminosity_class; any: no cut", where="3.4.4"
    )
    aspcapflag_reject: Annotated[tuple[Annotated[int, Field(ge=0, le=31)], ...], List] = key(
        (), "bits of ASPCAPFLAG that exclude a star, for example [19, 23]", where="3.4.4"
    )
    training_rv: Literal["recommended", "any"] = key(
        "recommended",
        "velocities of the training spectra: recommended (rv_flag 1, so none before quality.rv_cut) or any (no cut by "
        "date)",
        paper="any",
        where="3.4.4",
    )
    loss_weights: Literal["none", "density", "oversample"] = key(
        "none",
        "none; density: rare [M/H] and [alpha/M] count more; oversample: they are seen more often",
        where="3.4.4",
    )
    density_power: float = key(0.5, "of these two: 0 equal, 1 a flat distribution", ge=0, le=2)
    networks: FoldNetworks = inherited(FoldNetworks, "networks", "training of CNN-TLMA: keys of networks that differ")
    filled_max: float = key(
        0.3, "spectra of which a larger share is interpolated across masked pixels get a flag", ge=0, le=1
    )
    label_errors: Literal["removed", "kept"] = key(
        "removed", "calibrated errors: APOGEE's own errors taken out of the residuals, or left in"
    )
    training_stars: Literal["ensemble", "out_of_fold"] = key(
        "ensemble", "parameters of training stars: of all models, or of those that did not see them", where="3.4.4"
    )


class Parameters(Section):
    """Which engines measure parameters."""

    PLACE: ClassVar[str] = "parameters"
    engine: str = key("cnn", "the engine that fills the catalogue", min_length=1)
    also: Words | Literal["all"] = key((), "engines that run beside it; all: every other one")
    scale_to: str | None = key(
        None,
        "the scale that catalogs/engines has the labels on too: apogee_dr16, or the name of a catalogue of "
        "compare.catalogs (docs/engines/compare.md)",
        min_length=1,
    )


class Quality(Section):
    """Which velocities and parameters are recommended (section 4.1)."""

    PLACE: ClassVar[str] = "quality"
    rv_cut: str = key(
        "2012-01-14",
        "the last day whose wavelengths are doubtful: rv_flag 0",
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
        form="a date as 2012-01-14",
        where="4.1",
    )
    sigma: float = key(3, "of Eq. 4", unit="sigma", gt=0, where="4.1")
    min_rows: int = key(
        30, "the fewest spectra of a regression (Eq. 3); an S/N interval with fewer takes that of the class", ge=7
    )
    ranges: Literal["table_10", "recomputed"] = key(
        "table_10", "table_10 (as printed) or recomputed from this survey's reliable members", where="4.1"
    )
    range_min_members: int = key(10, "members that a bin needs to be inside a recomputed range", ge=1)
