"""Radial velocities (section 3.4.3 of the paper)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from mstars.core.config.keys import Forward, List, Section, Spans, key, subsection

_WAVELENGTH = Annotated[float, Field(ge=3500, le=9300)]
_Range = Annotated[tuple[_WAVELENGTH, _WAVELENGTH], List, Forward]
_A = "angstrom"
_KMS = "km/s"


class MatchOptions(Section):
    """Template matching (Eq. 2)."""

    PLACE: ClassVar[str] = "rvmm.tm"
    recipe: Literal["default", "paper"] = key(
        "default",
        "default (local minimum of chi2, error from its curvature) or paper (a Gaussian over chi2, error from shifts)",
        paper="paper",
        where="3.4.3",
    )
    scaling: Literal["mean", "zscore"] = key(
        "mean",
        "of the templates: mean (divided by their mean), or zscore (recipe paper: the wording of section 3.2 to the "
        "letter; a polynomial can't restore the constant it subtracts, and most velocities are wrong)",
        where="3.4.3",
    )
    device: Literal["auto", "cpu", "cuda", "torch-cpu"] = key(
        "auto", "of the coarse scan: auto (a GPU where there is one), cpu, cuda, torch-cpu (the GPU's way on the CPU)"
    )
    method: Literal["pruned", "exhaustive"] = key(
        "pruned",
        "coarse chi2: exhaustive, or pruned (ranked in a reduced space first; the same answers)",
        paper="exhaustive",
        where="3.4.3",
    )
    rest_range: _Range = key(
        (6500, 9000),
        "template wavelengths compared, vacuum",
        unit=_A,
        paper=[4700, 8899],
        where="3.2",
        follows=("recipe", {"paper": [4700, 8899]}),
    )
    align: bool = key(
        True,
        "make the rest frames of the templates agree first",
        paper=False,
        where="3.4.3",
        follows=("recipe", {"paper": False}),
    )
    align_within_kms: float | None = key(
        3,
        "templates that still contradict those most like them by more are left out; null: none is",
        unit=_KMS,
        gt=0,
        paper=None,
        where="3.4.3",
    )
    weights: Literal["ivar", "none"] = key(
        "ivar", "of the pixels in the refinement: ivar, or none (Eq. 2)", paper="none", where="3.4.3"
    )
    left_out: Spans = key(
        ((5570, 5590), (5883, 5903), (6552, 6577), (6866, 6945), (7590, 7660)),
        "observed wavelengths without weight: the sky's [O I] and Na I, H-alpha, the B and A bands",
        unit=_A,
        paper=[],
        where="3.2",
    )
    smooth_removed: float = key(
        0.8,
        "share of a running mean over 61 pixels taken from spectrum and template in the refinement: what is broader "
        "than lines differs between stars and templates and tells no velocity; 0: Eq. 2 as it is",
        ge=0,
        le=1,
        paper=0,
        where="3.4.3",
    )
    clip_sigma: float = key(
        4,
        "pixels whose residual is beyond so many robust sigma lose their weight (cosmic rays, sky lines); 0: none",
        unit="sigma",
        ge=0,
        paper=0,
        where="3.4.3",
    )
    local_pixels: int = key(
        61,
        "weights fall where residuals over so many pixels are larger than the errors say; 0: not",
        unit="pixel",
        ge=0,
        paper=0,
        where="3.4.3",
    )
    mixture: bool = key(
        True,
        "the velocity is refined with the best non-negative mixture of the candidates",
        paper=False,
        where="3.4.3",
    )
    noise_floor: float = key(
        0.02, "with ivar: mismatch of templates, a share of the mean flux, added in quadrature", ge=0
    )
    faint_range: _Range | None = key(
        (4700, 9000),
        "template wavelengths compared instead in faint dwarfs: in early ones almost half of what tells a velocity "
        "lies in the blue arm; null: none",
        unit=_A,
        paper=None,
        where="3.2",
    )
    faint_bend_kms: float = key(
        20,
        "the dwarf templates' own velocity at the start of faint_range, falling to 0 at the start of rest_range",
        unit=_KMS,
    )
    faint_error_kms: float = key(
        5.15, "error from the curvature of chi2 in the red above which faint_range is used", unit=_KMS, ge=0
    )
    faint_noise_floor: float = key(0.05, "noise_floor over faint_range, where templates differ more from stars", ge=0)
    candidates: int = key(5, "templates refined, and mixed, for each spectrum: the best coarse ones", ge=1, le=50)
    min_pixels: int = key(600, "fewer good pixels set the flag few_pixels", unit="pixel", ge=50)
    two_minima_sigma: float = key(3, "a second minimum within so many sigma sets two_minima", unit="sigma", ge=0)
    featureless_sigma: float = key(
        5,
        "chi2 that varies by less over the velocities, or gains less by a template, sets featureless",
        unit="sigma",
        ge=0,
    )
    poor_residual: float = key(0.2, "residuals above the noise by this share of the mean flux set poor_chi2", gt=0)
    error_scale: float = key(1.07, "rv_tm_err = hypot(error_scale x error from the residuals, error_floor_kms)", gt=0)
    error_floor_kms: float = key(
        3.3,
        "scatter of the wavelength scales, by the repeats of real stars; rv/zero_point.json says what a survey's own "
        "repeats have beyond",
        unit=_KMS,
        ge=0,
        kinds={"simulated": 1.5},
    )
    giant_floor_kms: float = key(
        3.9,
        "the same where the best template is a giant's: there are few of them",
        unit=_KMS,
        ge=0,
        kinds={"simulated": 2.6},
    )
    curve_step_kms: float = key(
        30, "recipe paper: step of the velocities at which chi2 is taken", unit=_KMS, gt=0, le=60
    )
    shift_step_kms: float = key(
        10,
        "recipe paper: step of the shifts applied from -500 to 500 km/s, whose residuals vary smoothly",
        unit=_KMS,
        gt=0,
        le=100,
        paper=1,
        where="3.4.3",
    )

    @model_validator(mode="after")
    def _zscore_is_the_papers(self) -> MatchOptions:
        if self.scaling == "zscore" and self.recipe != "paper":
            raise ValueError("scaling: zscore goes with recipe: paper alone")
        return self

    def over_faint_range(self) -> MatchOptions:
        """The same for the longer range of ``bank.wide``, where templates differ more from stars."""
        return self.changed(noise_floor=self.faint_noise_floor)


class LineOptions(Section):
    """DSAL I, DSAL II and DSEL: a Gaussian on a linear continuum for each line."""

    PLACE: ClassVar[str] = "rvmm.lines"
    half_width: float = key(
        12, "half the stretch fitted around a line; it ends halfway to a neighbouring line", unit=_A, ge=5
    )
    search_kms: float = key(600, "largest speed at which lines are looked for", unit=_KMS, gt=0)
    min_significance: float = key(3, "depth over its error for a line to be there", unit="sigma", ge=0)
    min_emission_significance: float = key(
        6, "the same for emission lines: sky lines leave many small peaks", unit="sigma", ge=0
    )
    min_sigma: float = key(0.6, "the least sigma of the Gaussian", unit=_A, gt=0)
    max_sigma: float = key(6, "the largest sigma of the Gaussian", unit=_A, gt=0)
    max_error_kms: float = key(40, "lines with a less certain centre are left out", unit=_KMS, gt=0)
    consistent_kms: float = key(
        20, "DSAL I: at least three lines within this of their median (the paper gives no number)", unit=_KMS, gt=0
    )
    scatter_kms: float = key(
        20,
        "DSAL II, DSEL: the iteration ends below this standard deviation",
        unit=_KMS,
        gt=0,
        where="3.4.3",
    )
    tellurics: Spans = key(
        ((6866, 6890), (7592, 7660)),
        "observed wavelengths without lines: the strong parts of the B and A bands",
        unit=_A,
        paper=[],
        where="3.2",
    )

    @model_validator(mode="after")
    def _least_below_largest(self) -> LineOptions:
        if self.min_sigma > self.max_sigma:
            raise ValueError(f"min_sigma is above max_sigma ({self.min_sigma:g}, {self.max_sigma:g})")
        return self


class SelectionOptions(Section):
    """Which velocities are doubted (Fig. 10), and the consensus where no one has looked."""

    PLACE: ClassVar[str] = "rvmm.selection"
    tm_sigma: float = key(3, "half width of the TM band", unit="sigma", gt=0, where="3.4.3")
    dsal_sigma: float = key(2, "half width of the DSAL bands", unit="sigma", gt=0, where="3.4.3")
    check_speed_kms: float = key(
        150, "reliable LAMOST velocities faster than this are looked at too", unit=_KMS, gt=0, where="3.4.3"
    )
    dsal_band: Literal["all", "outside"] = key(
        "all",
        "spectra that give mean and sigma of the DSAL bands: all that have the velocity, or those outside the TM band "
        "(needs thousands); compared are those outside it only",
        paper="outside",
        where="Fig. 10",
    )
    min_for_band: int = key(30, "with fewer differences the paper's own mean and standard deviation are taken", ge=2)
    consensus: Literal["support", "order"] = key(
        "support",
        "support: the velocity that all methods contradict least; order: TM if DSAL agrees, else the least error",
    )
    agree_sigma: float = key(3, "methods agree within so many of their combined errors", unit="sigma", gt=0)
    agree_floor_kms: float = key(5, "the least combined error for that", unit=_KMS, ge=0)
    max_error_kms: float = key(60, "a method with a larger error is not used", unit=_KMS, gt=0)
    max_speed_kms: float = key(
        1000, "methods that agree on more than this: NoRV_waveErr", unit=_KMS, gt=0, where="3.4.3"
    )
    line_error_floor_kms: float = key(
        8,
        "least error of DSAL and DSEL when methods are compared, as few lines agree by chance (DSAL by 2 to 5 lines: "
        "45, 25, 14, 11)",
        unit=_KMS,
        ge=0,
    )
    lamost_error_kms: float | None = key(
        None,
        "error of LAMOST's velocity when methods are compared; null: measured on Gaia and repeats; a number: at least "
        "so much",
        unit=_KMS,
        ge=0,
    )
    keep_sigma: float = key(
        3,
        "support: LAMOST's velocity stays within so many combined errors of the mean of those that agree",
        unit="sigma",
        ge=0,
    )
    single_error_kms: float = key(
        25,
        "a method that nothing supports replaces LAMOST's velocity only with a smaller error; TM with a larger one "
        "gives way to a more certain method that agrees with it",
        unit=_KMS,
        ge=0,
    )
    wave_disagree_kms: float = key(
        45,
        "NoRV_waveErr: TM and DSAL both this far, and 3 sigma, on the same side, from TML7500; or the blue arm and the "
        "end beyond 7500 A both this far from what lies between",
        unit=_KMS,
        gt=0,
    )
    wave_sigma: float = key(4, "the same in sigma, for the two ends", unit="sigma", ge=0)
    low_quality_snri: float = key(
        3, "candidates below this S/N_i are NoRV_lowQuality, unless queued for LAMOST's speed alone"
    )


class Rvmm(Section):
    """Radial velocities (section 3.4.3)."""

    PLACE: ClassVar[str] = "rvmm"
    tm: MatchOptions = subsection(MatchOptions)
    lines: LineOptions = subsection(LineOptions)
    selection: SelectionOptions = subsection(SelectionOptions)
