"""Template matching (Li et al. 2025, section 3.4.3, Eq. 2): chi2 over (template, velocity), minimum, error, flags."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.flags import TemplateFlag
from mstars.spectra.container import SpectrumSet
from mstars.velocity.match import chi2 as kernels
from mstars.velocity.match.bank import N_COEF, TemplateBank
from mstars.velocity.match.device import candidates_torch, choose_device
from mstars.velocity.match.mixture import finish_chunk
from mstars.velocity.match.scan import METHODS, candidates, make_ready
from mstars.velocity.pool import over_chunks

SMOOTH_PIXELS = 61
"""Width of the running mean of ``smooth_removed``: 4200 km/s, 100 A."""

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


def match_templates(
    spectra: SpectrumSet, bank: TemplateBank, options: MatchOptions | None = None, threads: int = 1
) -> pd.DataFrame:
    """Radial velocities of all spectra by template matching (recipe ``default``).

    Parameters
    ----------
    spectra : SpectrumSet
        n observed spectra; bad pixels are left out (step 1), nothing else is done to them.
    bank : TemplateBank
        Mean-scaled templates.
    options : MatchOptions, optional
    threads : int
        Chunks of spectra at a time; the same bits for any number.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, rv_tm, rv_tm_err (km/s, NaN: none), tm_template, tm_class, tm_chi2 (Eq. 2 of the
        mean-scaled flux), tm_n_pixels, tm_flag (`TemplateFlag`), tm_wide (measured over the longer range of
        ``bank.wide``).

    Raises
    ------
    InputError
        When wavelengths are not LAMOST's grid or do not overlap the templates.
    """
    options = options or MatchOptions()
    pixels = bank.pixels(spectra.wavelength)

    def work(start: int) -> dict[str, np.ndarray]:
        return _match_chunk(spectra.select(slice(start, start + options.chunk)), bank, pixels, options)

    make_ready_for(spectra, bank, options, threads)
    starts = range(0, max(len(spectra), 1), options.chunk)
    return as_table(over_chunks(work, starts, threads))


def make_ready_for(spectra: SpectrumSet, bank: TemplateBank, options: MatchOptions, threads: int) -> None:
    """What all chunks share, made on all threads; on a device, which needs no more than the bases, when first used."""
    if len(spectra) and choose_device(options.device) is None:
        for own in (bank, bank.wide):
            if own is not None:
                make_ready(own, spectra.wavelength, options.method, threads)


def prepare(spectra: SpectrumSet, pixels: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fluxes divided by their mean with bad pixels 0 (float32 [n, p]), the bad pixels, and the scale [n]."""
    part = (slice(None), pixels)
    bad = (spectra.ormask[part] != 0) | ~(spectra.ivar[part] > 0) | ~np.isfinite(spectra.flux[part])
    flux = np.where(bad, np.float32(0), spectra.flux[part])
    good = np.maximum((~bad).sum(axis=1), 1)
    mean = flux.sum(axis=1, dtype=np.float64) / good
    rms = np.sqrt((flux.astype(np.float64) ** 2).sum(axis=1) / good)
    # any positive scale will do: P_4 takes it up. The mean, unless the flux is mostly noise about zero
    scale = np.where(mean > 0.05 * rms, mean, np.where(rms > 0, rms, 1.0))
    return (flux / scale[:, None]).astype(np.float32), bad, scale


def _weights(spectra, pixels, bad, scale, options) -> np.ndarray:
    if options.weights == "none":
        return (~bad).astype(np.float32)
    ivar = np.where(bad, 0.0, spectra.ivar[:, pixels]) * scale[:, None] ** 2
    return np.where(bad, 0.0, ivar / (1.0 + ivar * options.noise_floor**2)).astype(np.float32)


def prepare_weighted(spectra: SpectrumSet, pixels: slice, options: MatchOptions) -> tuple[np.ndarray, ...]:
    """`prepare`, with the weights of the refinement: flux, bad, scale, weight (float32 [n, p])."""
    flux, bad, scale = prepare(spectra, pixels)
    weight = _weights(spectra, pixels, bad, scale, options)
    for low, high in options.left_out:
        weight[:, (spectra.wavelength[pixels] > low) & (spectra.wavelength[pixels] < high)] = 0
    return flux, bad, scale, weight


def _match_chunk(spectra: SpectrumSet, bank: TemplateBank, pixels: slice, options: MatchOptions) -> dict:
    flux, bad, scale, weight = prepare_weighted(spectra, pixels, options)
    n_good = (~bad).sum(axis=1)
    result = empty_result(spectra.spectrum_key, n_good)
    rows = np.flatnonzero((n_good >= 50) & varies(flux, bad))
    if len(rows):
        fine, fine_weight, coefficient = without_smooth(flux[rows], bad[rows], weight[rows], bank, options)
        own = (rows, flux[rows], bad[rows], weight[rows], fine, fine_weight)
        part = _Part(spectra, *own, coefficient, scale, bank, pixels)
        template, best, first, error = _first_look(part, options)
        left = np.flatnonzero(~_match_faint(result, part, best, error, options))
        if len(left):
            _conclude(result, part.take(left), template[left], best[left], first[left], options)
    return result


@dataclass(frozen=True)
class _Part:
    """The ``rows`` of a chunk that can be measured: the arrays are theirs, spectra and scale the chunk's.

    ``fine``, ``fine_weight`` and ``coefficient`` are those of the refinement (`without_smooth`).
    """

    spectra: SpectrumSet
    rows: np.ndarray
    flux: np.ndarray
    bad: np.ndarray
    weight: np.ndarray
    fine: np.ndarray
    fine_weight: np.ndarray
    coefficient: np.ndarray
    scale: np.ndarray
    bank: TemplateBank
    pixels: slice

    def take(self, few: np.ndarray) -> _Part:
        """Only some of the rows."""
        own = {name: getattr(self, name)[few] for name in ("rows", "flux", "bad", "weight", "fine", "fine_weight")}
        return replace(self, **own)


def _match_faint(result: dict, part: _Part, best, error, options: MatchOptions) -> np.ndarray:
    """Measure the faint dwarfs over the range of ``bank.wide``, in place; which of the part's rows that did, bool [n].

    Early M dwarfs have shallow bands in the red: at low S/N almost half of what tells a velocity lies in the blue arm.
    Bright spectra are left alone: there templates differ from stars by more than the noise, in the blue above all.
    """
    done = np.zeros(len(part.rows), bool)
    wide = part.bank.wide
    if wide is None:
        return done
    faint = np.flatnonzero(~(error <= options.faint_error_kms) & (part.bank.luminosity[best] != "giant"))
    spectra, pixels = part.spectra.select(part.rows[faint]), wide.pixels(part.spectra.wavelength)
    again = _match_chunk(spectra, wide, pixels, options.over_faint_range())
    again["tm_wide"][:] = True
    good = np.isfinite(again["rv_tm"])
    done[faint[good]] = True
    for name, value in again.items():
        result[name][part.rows[faint[good]]] = value[good]
    return done


def varies(flux: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Whether the good pixels differ from a constant by more than rounding."""
    low = np.where(bad, np.inf, flux).min(axis=1)
    high = np.where(bad, -np.inf, flux).max(axis=1)
    return high - low > 1e-5


def empty_result(keys: np.ndarray, n_good: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of a chunk's result, nothing measured yet."""
    count = len(keys)
    return {
        "spectrum_key": keys.copy(),
        "rv_tm": np.full(count, np.nan),
        "rv_tm_err": np.full(count, np.nan),
        "tm_template": np.full(count, "", dtype=object),
        "tm_class": np.full(count, "", dtype=object),
        "tm_chi2": np.full(count, np.nan),
        "tm_n_pixels": n_good.astype(np.int32),
        "tm_flag": np.full(count, TemplateFlag.NOT_MEASURED, np.int32),
        "tm_wide": np.zeros(count, bool),
    }


def as_table(parts: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    """The chunks' columns as one table."""
    return pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _first_look(part: _Part, options: MatchOptions) -> tuple[np.ndarray, ...]:
    """Candidate templates [n, c], the best after refinement [n], its velocity [n] and curvature error [n], km/s."""
    bank, wavelength = part.bank, part.spectra.wavelength
    device = choose_device(options.device)
    if device is None:
        template, start = candidates(part.flux, part.bad, bank, wavelength, options.candidates, options.method)
    else:
        template, start = candidates_torch(part.flux, part.bad, bank, wavelength, options.candidates, device)
    refined = np.empty((*template.shape, 3))
    kernels.refine_candidates(
        part.fine,
        part.fine_weight,
        np.linspace(-1.0, 1.0, part.fine.shape[1]),
        part.coefficient,
        bank.offset(wavelength, part.pixels),
        template,
        start,
        30.0,
        _limit(bank),
        refined,
    )
    chosen = np.nanargmin(np.where(np.isfinite(refined[..., 1]), refined[..., 1], np.inf), axis=1)
    every = np.arange(len(part.rows))
    velocity, least, bend = refined[every, chosen].T
    best = template[every, chosen]
    error = _curvature(least, bend, (part.fine_weight > 0).sum(axis=1), options)[1]
    return template, best, velocity, error


def _curvature(least, bend, used, options: MatchOptions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """chi2 a degree of freedom; the error from chi2's curvature (NaN without a minimum), km/s; whether there is none.

    chi2 is scaled to the residuals, but not below what the weights say.
    """
    per_degree = np.maximum(least, 0.0) / np.maximum(used - N_COEF - 1, 1)
    unit = np.maximum(per_degree, 1.0) if options.weights == "ivar" else per_degree
    with np.errstate(invalid="ignore", divide="ignore"):
        curvature = np.sqrt(2.0 * unit / bend)
    bad_fit = ~np.isfinite(curvature) | ~(bend > 0) | (curvature > 1000)
    return per_degree, np.where(bad_fit, np.nan, curvature), bad_fit


def _error(per_degree, bend, information, factor, giant, options: MatchOptions) -> np.ndarray:
    """rv_tm_err, km/s: the residuals' own share (`mstars.velocity.match.mixture.score`), and a floor.

    The variance of chi2's derivative over the square of its curvature, which is less than 2 * information where the
    star's features are shallower or broader than the template's: the same noise then moves the minimum further.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        own = 4.0 * per_degree * factor * information / bend**2
    floor = np.where(giant, max(options.giant_floor_kms, options.error_floor_kms), options.error_floor_kms)
    return np.hypot(options.error_scale * np.sqrt(own), floor)


def _limit(bank: TemplateBank) -> float:
    return float(np.abs(bank.velocity).max() + 30.0)


def _conclude(result: dict, part: _Part, template, best, first, options: MatchOptions) -> None:
    """Velocity, error and flags from the candidates, the best of them and its velocity, into ``result``."""
    rows, flux, bad, weight, scale = part.rows, part.flux, part.bad, part.weight, part.scale
    spectra, bank, pixels = part.spectra, part.bank, part.pixels
    coordinate = np.linspace(-1.0, 1.0, flux.shape[1])
    offset = bank.offset(spectra.wavelength, pixels)
    last, curve, used = np.empty((len(rows), 5)), np.empty((len(rows), len(bank.velocity))), np.empty(len(rows), int)
    finish = (options.clip_sigma, options.local_pixels // 2, options.mixture)
    finish_chunk(
        part.fine,
        part.fine_weight,
        coordinate,
        part.coefficient,
        offset,
        template,
        best,
        first,
        _limit(bank),
        finish,
        bank.velocity,
        last,
        curve,
        used,
    )
    velocity, least, bend, information, factor = last.T
    plain = np.empty((len(rows), 1))
    kernels.curve_chunk(flux, weight, coordinate, bank.coefficient, offset, best, velocity[:, None], plain)
    n_good = result["tm_n_pixels"][rows]
    per_degree, _, bad_fit = _curvature(least, bend, used, options)
    error = _error(per_degree, bend, information, factor, bank.luminosity[best] == "giant", options)
    flag = common_flags(curve, bank.velocity, velocity, least, per_degree, n_good, options)
    straight = np.empty_like(plain)
    none, ones = np.zeros(len(rows), np.int64), np.ones((1, bank.coefficient.shape[1]))
    kernels.curve_chunk(flux, weight, coordinate, ones, offset, none, np.zeros_like(plain), straight)
    gain = (straight - plain)[:, 0] * np.maximum(n_good - N_COEF - 1, 1)
    flag |= np.where(gain < options.featureless_sigma**2 * plain[:, 0], TemplateFlag.FEATURELESS, 0)
    flag |= np.where(
        excess_residual(weight, bad, plain[:, 0], spectra, rows, pixels, scale, options), TemplateFlag.POOR_CHI2, 0
    )
    flag |= np.where(bad_fit, TemplateFlag.FEATURELESS, 0)
    result["rv_tm"][rows] = np.where(bad_fit, np.nan, velocity)
    result["rv_tm_err"][rows] = np.where(bad_fit, np.nan, error)
    result["tm_template"][rows] = bank.name[best]
    result["tm_class"][rows] = bank.spectral_class[best]
    result["tm_chi2"][rows] = plain[:, 0] / np.maximum(weight.sum(axis=1), 1e-30)
    result["tm_flag"][rows] = np.where(bad_fit, flag | TemplateFlag.NOT_MEASURED, flag).astype(np.int32)


def without_smooth(flux, bad, weight, bank: TemplateBank, options: MatchOptions):
    """Flux, weights and template coefficients of the refinement: less a share of their running means.

    The polynomial hardly changes over the running mean's width, so template times polynomial is filtered alike. The
    ends, where the spectrum's mean has fewer pixels than the template's, get no weight.
    """
    half = SMOOTH_PIXELS // 2
    if options.smooth_removed <= 0 or flux.shape[1] < 8 * half:
        return flux, weight, bank.coefficient
    filled = flux.copy()
    kernels.fill_straight(filled, bad)
    weight = weight.copy()
    weight[:, :half] = weight[:, -half:] = 0
    fine = kernels.subtract_running_mean(filled, half, options.smooth_removed)
    return fine, weight, bank.smooth_removed(half, options.smooth_removed)


def common_flags(curve, grid, velocity, least, per_degree, n_good, options) -> np.ndarray:
    """Bits EDGE, TWO_MINIMA and FEW_PIXELS of each spectrum, from its chi2 curve [n, velocity] on the grid (km/s)."""
    step = grid[1] - grid[0]
    unit = np.maximum(per_degree, 1e-300)
    flag = np.where(np.abs(velocity) >= np.abs(grid).max() - 1e-6, TemplateFlag.EDGE, 0)
    # another local minimum of the coarse curve, more than two steps away
    inner = (curve[:, 1:-1] <= curve[:, :-2]) & (curve[:, 1:-1] <= curve[:, 2:])
    inner &= np.abs(grid[1:-1] - velocity[:, None]) > 2 * step
    other = np.where(inner, curve[:, 1:-1], np.inf).min(axis=1)
    flag |= np.where(other - least < options.two_minima_sigma**2 * unit, TemplateFlag.TWO_MINIMA, 0)
    flag |= np.where(curve.max(axis=1) - least < options.featureless_sigma**2 * unit, TemplateFlag.FEATURELESS, 0)
    return flag | np.where(n_good < options.min_pixels, TemplateFlag.FEW_PIXELS, 0)


def excess_residual(weight, bad, least, spectra, rows, pixels, scale, options) -> np.ndarray:
    """Residuals beyond the noise by more than ``poor_residual`` of the mean flux."""
    ivar = np.where(bad, 0.0, spectra.ivar[rows, pixels]) * scale[rows, None] ** 2
    total = np.maximum(weight.sum(axis=1, dtype=np.float64), 1e-30)
    with np.errstate(divide="ignore"):
        noise = np.where(bad, 0.0, weight / np.where(ivar > 0, ivar, np.inf)).sum(axis=1) / total
    return least / total - noise > options.poor_residual**2
