"""Settings of Cycle-StarNet: the config section ``engines.csn``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mstars.core.config.keys import List, Section, Span, Spans, Words, key, path, subsection
from mstars.engines.settings import Band, EngineSettings

Widths = Annotated[tuple[Annotated[int, Field(ge=1)], ...], List]


def _by_recipe(full: Any, cpu: Any, ci: Any, description: str, **more: Any) -> Any:
    return key(full, description, follows=("recipe", {"cpu": cpu, "ci": ci}), **more)


class CsnGrid(Section):
    """Pixels of the spectra (section 2.4)."""

    PLACE: ClassVar[str] = "engines.csn.grid"
    first: float = key(6000, "first wavelength", unit="angstrom", gt=0)
    last: float = key(8900, "last wavelength", unit="angstrom", gt=0)
    step: float = key(1, "step", unit="angstrom", gt=0)
    pad_to: int = key(3071, "pixels with padding; the network takes 256 m + 1023", ge=1)


class CsnNormalisation(Section):
    """The pseudo-continuum (Eqs. 2 and 3): a running mean with Gaussian weights."""

    PLACE: ClassVar[str] = "engines.csn.normalisation"
    sigma: float = key(30, "standard deviation of the weights", unit="angstrom", gt=0)
    pixels: Literal["unmasked", "all"] = key(
        "unmasked", "pixels that count: those outside the masks, or all of them (the paper); bad ones never do"
    )


class CsnSample(Section):
    """The observed training set (sections 2.1 and 3.3.1). What is not known of a star excludes nothing."""

    PLACE: ClassVar[str] = "engines.csn.sample"
    snrr: float = key(5, "least S/N in r")
    snri: float = key(5, "least S/N in i")
    ruwe_max: float = key(1.4, "Gaia's RUWE above which a star may be a binary", gt=0)
    m_g: Span = key((4, 15), "absolute magnitude M_G", unit="mag")
    bp_rp: Span = key((1, 5), "BP - RP", unit="mag")
    observed: int = key(110000, "the most spectra; of more, random ones are taken", ge=10)
    shares: Annotated[tuple[float, float, float], List] = key(
        (8, 2, 1), "training, validation and test set in these proportions"
    )
    beyond: Literal["left_out", "kept"] = key(
        "left_out",
        "training spectra whose fit without transfer lies beyond the Teff and [M/H] of the synthetic set; kept: the "
        "paper's",
    )


class CsnEmulator(Section):
    """The emulator of theoretical spectra (section 2.2), of The Payne's kind."""

    PLACE: ClassVar[str] = "engines.csn.emulator"
    neurons: int = key(150, "of each of the two hidden layers (The Payne: 300)", ge=1)
    activation: Literal["silu", "leaky_relu"] = key("silu", "silu: smooth; leaky_relu: The Payne's")
    steps: int = key(12000, "optimisation steps (The Payne: 10000)", ge=1)
    learning_rate: float = key(0.005, "RAdam's at the start (The Payne: 0.0001)", gt=0)
    schedule: Literal["cosine", "constant"] = key("cosine", "of the learning rate; constant: The Payne's")
    components: int = key(
        100, "principal components of the grid's flux that the last layer learns; 0: every pixel, as The Payne", ge=0
    )
    loss: Literal["l1", "l2"] = key("l2", "of the components' amounts, or of the flux (The Payne: l1)")
    batch: int = key(1024, "spectra of a step; all, where there are fewer (The Payne: 512)", ge=1)
    train_share: float = key(0.8, "share of the grid's spectra that are trained on; the rest validates", gt=0, lt=1)
    teff: Span = key((2800, 4300), "Teff of the grid's spectra that are used", unit="K")
    m_h: Span = key((-1.5, 0.5), "[M/H] of the grid's spectra that are used", unit="dex")
    left_out_parts: int = key(5, "parts of the grid that are left out in turn to measure the error; 0: none", ge=0)


class CsnPopulation(Section):
    """The synthetic training set (section 3.3.2)."""

    PLACE: ClassVar[str] = "engines.csn.population"
    log_age: float = key(9.7, "log10 of the isochrones' age in years (5 Gyr)", ge=6, le=10.2)
    teff: Span = key((2800, 4000), "Teff of the synthetic stars (the paper: 3000 to 4000)", unit="K")
    logg: Span = key((4, 6), "log g, cut to what the theory grid has", unit="dex")
    m_h: Span = key((-1, 0.5), "[M/H]", unit="dex")
    components: int = key(30, "the most components of the Gaussian mixture; BIC chooses", ge=1)
    draws: int = key(1000000, "stars drawn from the mixture before they are resampled", ge=100)
    synthetic: int = key(110000, "synthetic spectra; only their labels are kept", ge=10)
    reference: Literal["apogee", "literature"] = key(
        "apogee",
        "whose Teff and [M/H] the synthetic stars follow: the labelled stars of this survey, or all literature "
        "catalogues together as in the paper, which mixes their scales",
    )
    cell: Annotated[tuple[float, float], List] = key((50, 0.1), "cells in Teff and [M/H] for that", unit="K, dex")
    coverage_min: float = key(
        0.5, "least share of the reference stars that synthetic ones must be able to follow", ge=0, le=1
    )


class CsnNetwork(Section):
    """The domain adaptation network and its training (sections 3.1, 3.2 and 3.4); sizes of O'Briain et al. 2021."""

    PLACE: ClassVar[str] = "engines.csn.network"
    recipe: Literal["full", "cpu", "ci"] = key(
        "cpu", "full: the paper's size, for a GPU; cpu: a quarter of the widths; ci: toy size"
    )
    domain: Widths = _by_recipe((32, 64), (8, 16), (4, 8), "channels of the domains' convolutions", min_length=2)
    shared: Widths = _by_recipe(
        (128, 256, 512), (32, 64, 128), (16, 32, 64), "channels of the shared encoder", min_length=3
    )
    split: Widths = _by_recipe((32, 32, 32), (8, 8, 8), (4, 4, 4), "channels of the split encoder", min_length=3)
    shared_latent: int = key(25, "channels of the shared latent space", ge=1)
    split_latent: int = key(4, "channels of the split latent space", ge=1)
    critic_spectrum: Widths = _by_recipe(
        (16, 32, 64, 128, 256), (4, 8, 16, 32, 64), (2, 4, 8, 16, 32), "channels of a critic's branch for spectra"
    )
    critic_latent: Widths = _by_recipe(
        (32, 64, 128, 256, 512), (8, 16, 32, 64, 128), (4, 8, 16, 32, 64), "channels of its branch for latents"
    )
    weights: Annotated[tuple[float, float, float], List] = key(
        (3, 9, 0.1),
        "lambda_1, lambda_2 and lambda_3 of Eq. 7: synthetic, observed, adversarial (O'Briain et al.: 3, 9, 1)",
    )
    adversarial: Literal["non_saturating", "paper"] = key(
        "non_saturating", "how the generator works against the critics; paper: it maximises Eq. 5"
    )
    start: Literal["independent", "alike"] = key(
        "alike",
        "first weights of the two domains' networks; alike: a spectrum is moved to itself at first; independent: the "
        "paper's",
    )
    alignment: Literal["moments", "none"] = key(
        "moments",
        "how shared latents of both domains are held alike beside the critics; moments: a linear map gives those of "
        "observed spectra the mean and the covariance of the synthetic ones; none: the paper's",
    )
    average: float = key(
        0.999,
        "share of the old weights in a running mean of them, which is used; 0: the last weights, the paper's",
        ge=0,
        lt=1,
    )
    batch: int = _by_recipe(8, 8, 16, "spectra of each domain in an iteration", ge=1)
    iterations: int = _by_recipe(500000, 20000, 300, "what the paper calls epochs", ge=1)
    learning_rate: float = _by_recipe(1e-4, 3e-4, 1e-3, "Adam's at the start", gt=0)
    decay: Annotated[tuple[int, ...], List] = _by_recipe(
        (50000, 100000, 150000, 200000), (5000, 10000, 15000), (200,), "iterations at which the rate falls"
    )
    decay_factor: float = _by_recipe(0.7, 0.5, 0.5, "by this factor", gt=0, le=1)
    checkpoint: int = _by_recipe(5000, 1000, 100, "iterations between two checkpoints", ge=1)
    judged: int = _by_recipe(256, 64, 24, "held-out spectra that are fitted to judge a checkpoint", ge=2)
    device: Literal["auto", "cpu", "cuda"] = key("auto", "where it is trained; auto: on a GPU where there is one")
    synth_error: float = key(0.01, "error of the synthetic flux (section 2.4)", gt=0)
    least_error: float = key(0.01, "least error of the observed flux in the loss", gt=0)


class CsnFit(Section):
    """The fits that give the labels (section 3.5)."""

    PLACE: ClassVar[str] = "engines.csn.fit"
    optimiser: Literal["gauss_newton", "lbfgs"] = key("gauss_newton", "lbfgs: the paper's, one spectrum at a time")
    steps: int = key(60, "the most evaluations of a fit", ge=1)
    domain: Literal["observed", "synthetic"] = key("observed", "of the final fit; the paper's is the observed one")
    transfer: Literal["difference", "whole"] = key(
        "difference",
        "how theory is moved to the observed domain; difference: it gets what the decoders of the two domains make "
        "differently, and keeps what networks cannot rebuild; whole: it is what the decoder makes of it, the paper's",
    )
    alpha: Literal["free", "tied"] = key(
        "free",
        "[alpha/M]; free: fitted where the theory grid has more than one; tied: to [M/H] as in the synthetic set",
    )
    least_error: float = key(0, "least error of the normalised flux in the fit", ge=0)
    rv: Literal["catalogue", "own"] = key(
        "catalogue", "own: the fit without transfer also has a velocity beside the catalogue's (Fig. 4)"
    )
    chunk: int = key(32, "spectra that are fitted at a time", ge=1)


class CsnCatalogue(Section):
    """The value-added catalogue (Table 1)."""

    PLACE: ClassVar[str] = "engines.csn.catalogue"
    repeats: Literal["pairs", "paper"] = key(
        "pairs", "fit of Eq. 9: to differences of repeats, or as the paper to their scatter in bins of S/N"
    )
    variables: Words = key((), "tables of candidate variable stars (Gaia source_id): VBFlag 1")
    binaries: Words = key((), "tables of candidate binaries (Gaia source_id): VBFlag 2")


class CsnSettings(EngineSettings):
    """Cycle-StarNet."""

    PLACE: ClassVar[str] = "engines.csn"
    least_snr: dict[Band, float] = key(
        {"snrr": 5, "snri": 5}, "S/N that a spectrum must exceed, by band; with less it is flagged below_snr"
    )
    theory: str | None = path("a theory grid; null: the planted one of a simulated survey")
    theory_medium: Literal["air", "vacuum"] | None = key(
        None, "what its wavelengths are measured in; null: it says so itself"
    )
    theory_resolution: float | None = key(None, "its lambda/FWHM; null: so high that it does not matter", gt=0)
    grid: CsnGrid = subsection(CsnGrid)
    masks: Spans = key(
        (
            *((6270, 6330), (6546, 6586), (6700, 6725), (6850, 6885)),
            *((7150, 7350), (7587, 7687), (8100, 8240)),
        ),
        "intervals that do not count: tellurics and lines of activity (section 2.4)",
        unit="angstrom",
    )
    mask_frame: Literal["rest", "observed"] = key(
        "rest", "frame of the masks: rest as worded, or observed, where tellurics are"
    )
    normalisation: CsnNormalisation = subsection(CsnNormalisation)
    sample: CsnSample = subsection(CsnSample)
    emulator: CsnEmulator = subsection(CsnEmulator)
    population: CsnPopulation = subsection(CsnPopulation)
    network: CsnNetwork = subsection(CsnNetwork)
    fit: CsnFit = subsection(CsnFit)
    catalogue: CsnCatalogue = subsection(CsnCatalogue)
    chi2_max: float | None = key(50, "poor_fit: chi2 per degree of freedom above this; null for no limit", gt=0)


SETTINGS = CsnSettings
