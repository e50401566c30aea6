"""What is an M star, and which are dwarfs and giants (sections 3.4.1 and 3.4.2 of the paper)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from mstars.core.config.keys import List, Section, Words, inherited, key, subsection
from mstars.core.config.networks import Networks

_SPLIT = "star: all spectra of a star are on one side, else repeats leak; spectrum: each for itself"


class ClassifierNetworks(Networks):
    """Training of CNN-SPT and CNN-WDM."""

    PLACE: ClassVar[str] = "scm.networks"
    curve: float = key(
        0.3,
        "augmentation: smooth curves added, standard deviation of their Legendre coefficients",
        ge=0,
        paper=0.0,
        where="3.3",
    )


class Ood(Section):
    """Out of distribution: spectra that principal components of M stars can't follow."""

    PLACE: ClassVar[str] = "scm.ood"
    use: Literal["off", "candidates", "votes"] = key(
        "votes",
        '"off", candidates (such spectra are queued) or votes (queued, and a vote of the consensus)',
        paper="off",
        where="3.4.1",
    )
    n_component: int = key(6, "components beside the mean", ge=1, le=50)
    quantile: float = key(0.995, "a score of 1 is what this share of the M stars stays below", gt=0.5, lt=1)
    threshold: float = key(1.0, "queued from this score on", gt=0)
    sure: float = key(3.0, "rejected from this score on without other votes (use: votes)", gt=0)
    m_tio5: float = key(
        0.5,
        "no vote against a spectrum with TiO5 below this: titanium oxide that deep is an M star's; 0: not so",
        ge=0,
        le=1,
    )
    zro_sigma: float = key(
        5.0,
        "zirconium oxide (S stars): queued, and rejected with use: votes, from this significance on",
        unit="sigma",
        gt=0,
    )


class Scm(Section):
    """Spectral classification (section 3.4.1)."""

    PLACE: ClassVar[str] = "scm"
    classes: Annotated[
        tuple[Literal["OB", "A", "F", "G", "K", "M", "GALAXY", "QSO", "WD"], ...], List, Field(min_length=2)
    ] = key(
        ("OB", "A", "F", "G", "K", "M", "GALAXY", "QSO"),
        "outputs of CNN-SPT, M among them; those without spectra are left out, with a warning",
        where="3.4.1",
    )
    n_per_class: int = key(30000, "the most training spectra of a class", ge=1, where="3.4.1")
    snr_min: float = key(5, "the least S/N_max of a training spectrum", where="3.4.1")
    valid_share: float = key(0.25, "share of the validation set: 3:1", gt=0, lt=1, where="3.4.1")
    networks: ClassifierNetworks = inherited(
        ClassifierNetworks, "networks", "training of CNN-SPT and CNN-WDM: keys of networks that differ"
    )
    spt_members: int = key(
        1, "trainings of CNN-SPT that differ in random numbers; their probabilities are averaged", ge=1, le=9
    )
    split: Literal["star", "spectrum"] = key("star", _SPLIT, paper="spectrum", where="3.4.1")
    class_tables: Words = key(
        (), "local tables of external classes (ra, dec, class): labels that they contradict are not trained on"
    )
    screen: Literal["none", "cmd", "discriminant"] = key(
        "discriminant",
        "M labels not trained on: none, cmd (outside the CMD regions), discriminant (those that a linear discriminant "
        "takes for another class)",
        paper="none",
        where="3.4.1",
    )
    spt_prob_min: float = key(0.9, "consensus: CNN-SPT alone rejects at this probability", ge=0, le=1)
    k_prediction: Literal["auto", "ignored", "candidate"] = key(
        "auto",
        "K by CNN-SPT: ignored (late K and early M are alike), candidate, or auto (candidate where every file of a "
        "folder is looked at, ignored in a catalogue of M stars)",
        paper="ignored",
        where="3.4.1",
    )
    votes_min: int = key(2, "consensus: or so many of spt, wdm, cmd agree (and ood, with use: votes)", ge=1, le=4)
    ood: Ood = subsection(Ood)

    @field_validator("classes")
    @classmethod
    def _with_m(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if "M" not in classes or len(set(classes)) < len(classes):
            raise ValueError("M must be among them, and each of them once")
        return classes


class Dgcm(Section):
    """Dwarfs and giants (section 3.4.2)."""

    PLACE: ClassVar[str] = "dgcm"
    snr_min: float = key(5, "the least S/N_max of a training spectrum", where="3.4.2")
    valid_share: float = key(0.25, "share of the validation set: 3:1", gt=0, lt=1, where="3.4.2")
    split: Literal["star", "spectrum"] = key("star", _SPLIT, paper="spectrum", where="3.4.2")
    n_per_class: int = key(30000, "the most training spectra of a class", ge=1, where="3.4.2")
    networks: Networks = inherited(Networks, "networks", "training of CNN-dMgM: keys of networks that differ")
    drop_cmd_disagreement: bool = key(
        True, "rows whose CMD region contradicts LAMOST's class are left out of the training", where="3.4.2"
    )
