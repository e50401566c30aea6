"""Options of template matching (config section ``rvmm.tm``)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mstars.core.errors import InputError
from mstars.velocity.match.scan import METHODS

DEVICES = ("cpu", "cuda", "auto", "torch-cpu")
RECIPES = ("default", "paper")


@dataclass(frozen=True)
class MatchOptions:
    """What template matching may be told; the config's ``rvmm.tm`` holds the same keys.

    Attributes
    ----------
    method : {'exhaustive', 'pruned'}
        Coarse chi2 of all templates exactly, or ranked in a reduced space first.
    weights : {'none', 'ivar'}
        Weights of the pixels in the refinement; Eq. 2 has none.
    candidates : int
        Templates refined for each spectrum, best coarse ones first.
    min_pixels : int
        Fewer good pixels: flag ``few_pixels``; fewer than 50: not measured.
    two_minima_sigma : float
        A second minimum this near (in sigma of the scaled chi2) sets ``two_minima``.
    featureless_sigma : float
        chi2 must vary by this much over the velocities, and a template fit better than the polynomial alone by as
        much, else ``featureless``.
    poor_residual : float
        Residuals above the noise by more than this share of the mean flux set ``poor_chi2``.
    noise_floor : float
        With ``ivar``: template mismatch added in quadrature, as a share of the mean flux.
    left_out : tuple of (float, float)
        Observed wavelengths without weight in the refinement: tellurics, and H-alpha, which is the star's own business.
    smooth_removed : float
        This share of the running mean over `SMOOTH_PIXELS` is taken from spectrum and templates in the refinement:
        what is broader than lines differs between stars and templates without telling a velocity. 0: Eq. 2 as it is.
    clip_sigma : float
        After the first minimum: pixels whose residual is beyond so many sigma lose their weight (cosmic rays, sky
        lines). 0: none.
    local_pixels : int
        Weights are divided by the running mean of weight times squared residual over so many pixels, where above 1.
        0: not.
    mixture : bool
        The velocity is refined with the non-negative mixture of the ``candidates`` templates that fits best.
    faint_error_kms : float
        Dwarfs with a larger curvature error in the red are matched over the longer range of ``bank.wide``, if any.
    faint_noise_floor : float
        ``noise_floor`` over that range: the blue of templates differs more from stars.
    error_scale, error_floor_kms, giant_floor_kms : float
        rv_tm_err = hypot(error_scale * error of the residuals, floor), the second floor where the best template is a
        giant's.
    device : {'cpu', 'cuda', 'auto', 'torch-cpu'}
        Where the coarse scan runs (`mstars.velocity.match.device.choose_device`); on a GPU it is always exhaustive.
    recipe : {'default', 'paper'}
        `match_templates`, or `mstars.velocity.match.paper_recipe.match_paper`.
    chunk : int
        Spectra held at a time.
    curve_step_kms, shift_step_kms : float
        Recipe ``paper`` only: sampling of the chi2 curve, and of the applied shifts (the paper's: 1).
    """

    method: str = "exhaustive"
    weights: str = "none"
    candidates: int = 5
    min_pixels: int = 1000
    two_minima_sigma: float = 3.0
    featureless_sigma: float = 5.0
    poor_residual: float = 0.2
    noise_floor: float = 0.02
    left_out: tuple = ()
    smooth_removed: float = 0.0
    clip_sigma: float = 0.0
    local_pixels: int = 0
    mixture: bool = False
    faint_error_kms: float = 10.0
    faint_noise_floor: float = 0.02
    error_scale: float = 1.0
    error_floor_kms: float = 0.0
    giant_floor_kms: float = 0.0
    device: str = "cpu"
    recipe: str = "default"
    chunk: int = 256
    curve_step_kms: float = 30.0
    shift_step_kms: float = 10.0

    def __post_init__(self):
        if self.method not in METHODS:
            raise InputError(f"rvmm.tm.method: {self.method!r} is not one of {', '.join(METHODS)}")
        if self.weights not in ("none", "ivar"):
            raise InputError(f"rvmm.tm.weights: {self.weights!r} is not one of none, ivar")
        if self.device not in DEVICES:
            raise InputError(f"rvmm.tm.device: {self.device!r} is not one of {', '.join(DEVICES)}")
        if self.recipe not in RECIPES:
            raise InputError(f"rvmm.tm.recipe: {self.recipe!r} is not one of {', '.join(RECIPES)}")
        if not 0.0 <= self.smooth_removed <= 1.0:
            raise InputError(f"rvmm.tm.smooth_removed: {self.smooth_removed!r} is not between 0 and 1")
        for name in ("clip_sigma", "local_pixels"):
            if getattr(self, name) < 0:
                raise InputError(f"rvmm.tm.{name}: {getattr(self, name)!r} is below 0")

    def over_faint_range(self) -> MatchOptions:
        """The same for the longer range of ``bank.wide``, where templates differ more from stars."""
        return replace(self, noise_floor=self.faint_noise_floor)
