"""Template matching, config section ``rvmm.tm`` (section 3.4.3 of the paper)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from mstars.core.config.keys import Forward, List, Section, Spans, key

_WAVELENGTH = Annotated[float, Field(ge=3500, le=9300)]
_Range = Annotated[tuple[_WAVELENGTH, _WAVELENGTH], List, Forward]


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
        unit="angstrom",
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
        unit="km/s",
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
        unit="angstrom",
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
        unit="angstrom",
        paper=None,
        where="3.2",
    )
    faint_bend_kms: float = key(
        20,
        "the dwarf templates' own velocity at the start of faint_range, falling to 0 at the start of rest_range",
        unit="km/s",
    )
    faint_error_kms: float = key(
        5.15, "error from the curvature of chi2 in the red above which faint_range is used", unit="km/s", ge=0
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
        unit="km/s",
        ge=0,
        kinds={"simulated": 1.5},
    )
    giant_floor_kms: float = key(
        3.9,
        "the same where the best template is a giant's: there are few of them",
        unit="km/s",
        ge=0,
        kinds={"simulated": 2.6},
    )
    shift_step_kms: float = key(
        10,
        "recipe paper: step of the shifts applied from -500 to 500 km/s, whose residuals vary smoothly",
        unit="km/s",
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
