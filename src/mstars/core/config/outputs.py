"""What is written about the results: catalogue, figures, comparisons, scorecard."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from mstars.core.config.keys import List, Section, Words, key, path, subsection

_Spectra = Annotated[tuple[int | str, ...], List]


class Examples(Section):
    """Spectra to show, by obsid or spectrum_key; []: those of the best S/N of each kind."""

    PLACE: ClassVar[str] = "figures.examples"
    fig07: _Spectra = key((), "no M stars")
    fig09: _Spectra = key((), "corrected dwarfs and giants")
    fig11: _Spectra = key((), "corrected velocities")


class Figures(Section):
    """The paper's figures."""

    PLACE: ClassVar[str] = "figures"
    missing: Literal["say", "stop"] = key(
        "say", "a panel without data: say (it says 'no data' and why) or stop (the run stops, saying so)"
    )
    isochrones: str | None = path(
        "of Figs. 23-25: packaged (a PARSEC grid, downloaded once), a folder or pattern of CMD 3.x files, null: none",
        default="packaged",
    )
    style: str = path(
        "of all figures: packaged, or a style file of matplotlib with what it changes (colours, sizes, fonts)",
        default="packaged",
    )
    examples: Examples = subsection(Examples)


class Validate(Section):
    """The scorecard of a simulated survey (docs/scorecard.md)."""

    PLACE: ClassVar[str] = "validate"
    snr_min: float = key(10, "S/N_i above which recall and the accuracy of velocities are counted", ge=0)
    rv_tolerance_kms: float = key(
        30,
        "a planted failure is repaired within this of the truth, or within rv_sigma errors",
        unit="km/s",
        gt=0,
    )
    rv_sigma: float = key(3, "see rv_tolerance_kms", unit="sigma", gt=0)


class Catalog(Section):
    """The catalogue."""

    PLACE: ClassVar[str] = "catalog"
    rv: Literal["best", "paper"] = key(
        "best",
        "which velocity is called rv: best (all methods that agree, in one mean) or paper (LAMOST's, replaced where "
        "RVMM says so)",
        paper="paper",
        where="3.4.3",
    )
    errors: Literal["calibrated", "spread"] = key(
        "calibrated",
        "which errors are called teff_err, ...: calibrated (pulls near 1) or spread (of the models of the folds)",
        paper="spread",
        where="3.4.4",
    )
    zeta: Literal["zhang2019", "lepine2007"] = key(
        "zhang2019", "TiO5 of solar metallicity in the index zeta: zhang2019 (made for LAMOST) or lepine2007"
    )


class Outliers(Section):
    """What is marked in Figs. 15-22 where the paper gives no number."""

    PLACE: ClassVar[str] = "compare.outliers"
    red_teff_k: float = key(150, "red: |Teff this work - APOGEE| larger, dM", unit="K", gt=0)
    green_logg_dex: float = key(0.3, "green: log g of this work above APOGEE's by more, dM", unit="dex", gt=0)
    red_plus_teff_k: float = key(
        150, "red plus (Li2021): their Teff below APOGEE's by more, under 3600 K", unit="K", gt=0
    )


class Pairs(Section):
    """Which wide pairs are compared, beside those of the papers' own criteria; null: no limit."""

    PLACE: ClassVar[str] = "compare.pairs"
    chance_max: float | None = key(0.1, "R_chance_align is below (El-Badry et al. 2021)", gt=0)
    widest_au: float | None = key(None, "the projected separation is below", unit="au", gt=0)
    least_arcsec: float | None = key(None, "the separation on the sky is above", unit="arcsec", ge=0)
    rv_max_kms: float | None = key(None, "velocities differ by less", unit="km/s", gt=0)
    snr_i_min: float | None = key(None, "S/N_i of both spectra is above", ge=0)


class Compare(Section):
    """Literature catalogues beside this work (section 4.2.2)."""

    PLACE: ClassVar[str] = "compare"
    catalogs: Words = key((), "one YAML file a catalogue: name, file, match, columns, ...; see docs/methods/compare.md")
    binaries: str | None = path("wide binaries: source_id1, source_id2, R_chance_align (El-Badry et al. 2021)")
    clusters: str | None = path("members of clusters: source_id, cluster")
    fgk_binaries: str | None = path("M dwarfs with a warmer primary: source_id (of the M dwarf), feh, feh_err")
    cluster_metallicities: str | None = path("metallicities of those clusters: cluster, feh, feh_err")
    pairs: Pairs = subsection(Pairs)
    outliers: Outliers = subsection(Outliers)
