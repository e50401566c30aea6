"""Settings of the golden sample: the config section ``engines.laspm.golden``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mstars.core.config.keys import List, Section, Span, Spans, Words, key, path, subsection

Three = Annotated[tuple[float, float, float], List]
Hidden = Annotated[tuple[Annotated[int, Field(ge=1)], ...], List, Field(min_length=1)]


class SelectionKind(Section):
    """Where in the colour-magnitude diagram the stars of a class lie (section 2.1 of Du et al. 2024)."""

    distance_pc: float = key(2000, "stars nearer than this", unit="pc", gt=0)
    axis: Literal["M_G", "BP_RP"] = key("M_G", "which quantity `range` limits: M_G_0 or (BP-RP)_0")
    range: Span = key((7, 12), "limits of it", unit="mag")
    order: int = key(1, "degree of the polynomial M_G((BP-RP)_0) through the means of the colour steps", ge=0, le=5)


class GiantSelection(SelectionKind):
    """The same for giants."""

    distance_pc: float = key(5000, "stars nearer than this", unit="pc", gt=0, kinds={"simulated": 20000})
    axis: Literal["M_G", "BP_RP"] = key("BP_RP", "which quantity `range` limits: M_G_0 or (BP-RP)_0")
    range: Span = key((1.25, 4.0), "limits of it", unit="mag")
    order: int = key(3, "degree of the polynomial M_G((BP-RP)_0) through the means of the colour steps", ge=0, le=5)


class Selection(Section):
    """Primary sample (section 2.1)."""

    PLACE: ClassVar[str] = "engines.laspm.golden.selection"
    snri_min: float = key(10, "the least S/N_i")
    flux_over_error: Three = key((50, 20, 20), "the least flux over error of G, BP, RP (as Qu et al. 2024)")
    excess_sigma: float | None = key(
        3, "stars whose excess of BP and RP flux is so many sigma off (Riello et al. 2021) leave; null: no cut", gt=0
    )
    ruwe_max: float | None = key(1.4, "stars with a larger RUWE are taken for binaries; null: no cut", gt=0)
    non_single: bool = key(True, "whether Gaia's non_single_star leaves")
    variable: bool = key(True, "whether stars of Gaia's phot_variable_flag VARIABLE leave")
    step: float = key(0.5, "colour steps of the means of M_G", unit="mag", gt=0)
    width: float | None = key(
        0.8, "half width of the band about the polynomial; null: the mean standard deviation of the steps", unit="mag"
    )
    binaries: Words = key((), "local tables with a column source_id of stars to leave out as binaries")
    variables: Words = key((), "local tables with a column source_id of stars to leave out as variable")
    dM: SelectionKind = subsection(SelectionKind)
    gM: GiantSelection = subsection(GiantSelection)


class LabelSources(Section):
    """Labels and the scale that they are shifted to (section 2.2)."""

    PLACE: ClassVar[str] = "engines.laspm.golden.labels"
    dM: Words = key(
        ("aspcap_dr17", "ding2022", "laspm"), "sources for dwarfs, the first counts most: names or YAML descriptions"
    )
    gM: Words = key(("aspcap_dr17", "qiu2023"), "the same for giants; `apogee` is the survey's own crossmatch")
    reference: str | None = key("starhorse", "catalogue whose scale is the sample's; null: labels as they come")
    least_common: int = key(20, "stars that a source must have in common with the reference to be shifted", ge=3)
    agree_dM: Three = key(
        (100, 0.2, 0.2), "dwarfs: largest differences to the reference after the shift", unit="K, dex, dex"
    )
    agree_gM: Three = key(
        (70, 0.2, 0.2), "giants: largest differences to the reference after the shift", unit="K, dex, dex"
    )
    supplement_snri: float = key(50, "stars above this S/N_i with precise APOGEE labels need no agreement")
    supplement_error: Three = key((10, 0.05, 0.02), "and with errors below these", unit="K, dex, dex")


class TheorySeds(Section):
    """Computed spectra whose shape observed ones are given (section 2.3.2): ``recalibrate: theory``."""

    PLACE: ClassVar[str] = "engines.laspm.golden.theory"
    dM: str | None = path("theory grid of dwarfs (the paper: BT-Settl); null: the planted one of a simulated survey")
    gM: str | None = path("theory grid of giants (the paper: MARCS); null: the planted one of a simulated survey")
    medium: Literal["air", "vacuum"] | None = key(None, "what its wavelengths are measured in; null: it says so itself")
    resolution: float | None = key(None, "its lambda/FWHM; null: so high that it does not matter", gt=0)


class Clusters(Section):
    """Cleaning by clusters of spectra in bins of the labels (sections 2.3 and 2.4)."""

    PLACE: ClassVar[str] = "engines.laspm.golden.clusters"
    recalibrate: Literal["median", "theory", "none"] = key(
        "median",
        "to what shape a polynomial brings each spectrum: its bin's median, that of theory at its labels (the paper), "
        "or none",
    )
    recalibrate_order: int = key(2, "degree of the polynomial", ge=0, le=4)
    leave_out: Spans = key(
        ((3900, 4000), (4850, 4875), (6545, 6585), (6866, 6945), (7585, 7720)),
        "eps auto: rest-frame intervals that do not count: lines of active stars, bands of O2 (the paper has none)",
        unit="angstrom",
    )
    bins: Three = key((50, 0.1, 0.1), "sides of a bin in Teff, log g and [M/H]", unit="K, dex, dex")
    most: int = key(150, "the most spectra of a bin, those of highest S/N_i", ge=2)
    keep: int = key(7, "the most that stay in a bin, those nearest to the middle of the cluster", ge=1)
    eps: Literal["auto", "paper"] | Annotated[float, Field(gt=0)] = key(
        "auto",
        "radius of a neighbourhood: from the noise; paper: 1.0 in flux over its mean; or a number of such units",
    )
    eps_sigma: float = key(4, "eps auto: so many robust sigma above the typical distance of neighbours", gt=0)
    min_points: Literal["auto"] | Annotated[int, Field(ge=1)] = key(
        "auto", "spectra that a neighbourhood needs; auto: 2 to 5 by the number of spectra in the bin"
    )


class Doubles(Section):
    """Cleaning of double-lined spectra: our own step; the paper trusts to the clusters."""

    PLACE: ClassVar[str] = "engines.laspm.golden.doubles"
    sigma: float | None = key(5, "spectra with a second star of this significance leave; null: no such step", gt=0)
    share: float = key(0.12, "and of at least this share of the light", ge=0, le=1)


class CleaningNetwork(Section):
    """Cleaning by a network that predicts the labels (section 2.5)."""

    PLACE: ClassVar[str] = "engines.laspm.golden.network"
    hidden: Hidden = key((512, 64), "sizes of the hidden layers")
    steps: int = key(1000, "steps of a training (the paper: 10000 fits)", ge=1)
    batch: int = key(128, "spectra of a step", ge=1)
    learning_rate: float = key(0.001, "of Adam", gt=0)
    rounds: int = key(5, "trainings; 0: no such cleaning", ge=0)
    test: Literal["rotating", "random"] = key(
        "rotating", "a fifth is tested each round: another one, so that each star is tested; or random ones (the paper)"
    )
    limit: Three = key((100, 0.2, 0.2), "stars of the test farther off leave", unit="K, dex, dex")
    limit_sigma: float = key(
        3.5, "but not those within so many robust sigma of the test; 0: the limit alone (the paper)", ge=0
    )


class Golden(Section):
    """The golden sample: a library that cleans itself."""

    PLACE: ClassVar[str] = "engines.laspm.golden"
    selection: Selection = subsection(Selection)
    labels: LabelSources = subsection(LabelSources)
    theory: TheorySeds = subsection(TheorySeds)
    clusters: Clusters = subsection(Clusters)
    doubles: Doubles = subsection(Doubles)
    network: CleaningNetwork = subsection(CleaningNetwork)
