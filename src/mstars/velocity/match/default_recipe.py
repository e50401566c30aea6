"""Template matching, recipe ``default`` (section 3.4.3, Eq. 2): scan, minimum, mixture of templates, error, flags."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mstars.core.config.template_matching import MatchOptions
from mstars.core.flags import TemplateFlag
from mstars.spectra.container import SpectrumSet
from mstars.velocity.compiling import Observed, Splines, observed
from mstars.velocity.match.bank import N_COEF, TemplateBank
from mstars.velocity.match.chi2 import curve_chunk
from mstars.velocity.match.gpu_scan import choose_device, likely_templates_torch
from mstars.velocity.match.minimum import approach_chunk
from mstars.velocity.match.mixture import Start, Steps, finish
from mstars.velocity.match.prepare import measurable, prepare_weighted, scaled_ivar, without_smooth
from mstars.velocity.match.result import as_table, curve_flags, empty_result, pixel_flags
from mstars.velocity.match.scan import likely_templates, make_ready
from mstars.velocity.pool import CHUNK, over_chunks

STEP_KMS = 30.0
"""First step of the descent: half a step of the coarse scan."""


def match_templates(
    spectra: SpectrumSet,
    bank: TemplateBank,
    options: MatchOptions | None = None,
    threads: int = 1,
    *,
    chunk: int = CHUNK,
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
    chunk : int
        Spectra held at a time by a thread.

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
        return _match_chunk(spectra.select(slice(start, start + chunk)), bank, pixels, options)

    make_ready_for(spectra, bank, options, threads)
    starts = range(0, max(len(spectra), 1), chunk)
    return as_table(over_chunks(work, starts, threads))


def make_ready_for(spectra: SpectrumSet, bank: TemplateBank, options: MatchOptions, threads: int) -> None:
    """Make what all chunks share, on all threads; on a device, which needs the bases alone, when they are first used.

    Parameters
    ----------
    spectra, bank, options, threads
        As for `match_templates`.
    """
    if len(spectra) and choose_device(options.device) is None:
        for own in (bank, bank.wide):
            if own is not None:
                make_ready(own, spectra.wavelength, options.method, threads)


@dataclass(frozen=True)
class _Part:
    """The spectra of a chunk that can be measured: k of them.

    Attributes
    ----------
    spectra, pixels, bank
        The chunk's: all its spectra, the compared pixels, the templates.
    rows : ndarray of int, [k]
        Their numbers in the chunk.
    bad : ndarray of bool, [k, p]
    scale : ndarray, [k]
    plain, fine : Observed
        As observed, and as refined (`without_smooth`).
    splines : Splines
        The templates of the refinement.
    """

    spectra: SpectrumSet
    pixels: slice
    bank: TemplateBank
    rows: np.ndarray
    bad: np.ndarray
    scale: np.ndarray
    plain: Observed
    fine: Observed
    splines: Splines

    def take(self, few: np.ndarray) -> _Part:
        """Only some of the rows."""
        rows = {name: getattr(self, name)[few] for name in ("rows", "bad", "scale")}
        plain, fine = (Observed(own.flux[few], own.weight[few], own.coordinate) for own in (self.plain, self.fine))
        return replace(self, **rows, plain=plain, fine=fine)


def _match_chunk(spectra: SpectrumSet, bank: TemplateBank, pixels: slice, options: MatchOptions) -> dict:
    flux, bad, scale, weight = prepare_weighted(spectra, pixels, options)
    result = empty_result(spectra.spectrum_key, (~bad).sum(axis=1))
    rows = measurable(flux, bad)
    if not len(rows):
        return result
    flux, bad, weight = flux[rows], bad[rows], weight[rows]
    fine, fine_weight, coefficient = without_smooth(flux, bad, weight, bank, options)
    seen = observed(flux, weight), observed(fine, fine_weight)
    splines = Splines(coefficient, bank.offset(spectra.wavelength, pixels))
    part = _Part(spectra, pixels, bank, rows, bad, scale[rows], *seen, splines)
    start, error = _first_look(part, options)
    left = np.flatnonzero(~_match_faint(result, part, start.best, error, options))
    if len(left):
        _conclude(result, part.take(left), Start(*(value[left] for value in start)), options)
    return result


def _match_faint(result: dict, part: _Part, best, error, options: MatchOptions) -> np.ndarray:
    """Measure the faint dwarfs over the range of ``bank.wide``, in place; which of the part's rows that did, bool [k].

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


def _first_look(part: _Part, options: MatchOptions) -> tuple[Start, np.ndarray]:
    """The likely templates, the best after a refinement and its velocity; and its curvature error [k], km/s."""
    bank, wavelength, flux = part.bank, part.spectra.wavelength, part.plain.flux
    device = choose_device(options.device)
    if device is None:
        template, start = likely_templates(flux, part.bad, bank, wavelength, options.candidates, options.method)
    else:
        template, start = likely_templates_torch(flux, part.bad, bank, wavelength, options.candidates, device)
    refined = np.empty((*template.shape, 3))
    approach_chunk(part.fine, part.splines, template, start, STEP_KMS, _limit(bank), refined)
    chosen = np.nanargmin(np.where(np.isfinite(refined[..., 1]), refined[..., 1], np.inf), axis=1)
    every = np.arange(len(part.rows))
    velocity, least, bend = refined[every, chosen].T
    error = _curvature(least, bend, (part.fine.weight > 0).sum(axis=1), options)[1]
    return Start(template, template[every, chosen], velocity), error


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

    The variance of chi2's derivative over the square of its curvature. The curvature is less than 2 * information
    where the star's features are shallower or broader than the template's: the same noise then moves the minimum
    further.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        own = 4.0 * per_degree * factor * information / bend**2
    floor = np.where(giant, max(options.giant_floor_kms, options.error_floor_kms), options.error_floor_kms)
    return np.hypot(options.error_scale * np.sqrt(own), floor)


def _limit(bank: TemplateBank) -> float:
    """Largest speed of a refinement, km/s."""
    return float(np.abs(bank.velocity).max() + 30.0)


def steps_of(options: MatchOptions, limit: float) -> Steps:
    """What the last step does by the options.

    Parameters
    ----------
    options : MatchOptions
    limit : float
        Largest speed, km/s.

    Returns
    -------
    Steps
    """
    return Steps(float(options.clip_sigma), int(options.local_pixels) // 2, bool(options.mixture), limit)


def _plain_chi2(part: _Part, best: np.ndarray, velocity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """chi2 of Eq. 2 with the best template at its velocity, and with no template but the polynomial alone: [k] each."""
    splines = part.bank.splines(part.spectra.wavelength, part.pixels)
    plain = np.empty((len(best), 1))
    curve_chunk(part.plain, splines, best, velocity[:, None], plain)
    none, flat = np.zeros(len(best), np.int64), np.ones((1, splines.coefficient.shape[1]))
    straight = np.empty_like(plain)
    curve_chunk(part.plain, Splines(flat, splines.offset), none, np.zeros_like(plain), straight)
    return plain[:, 0], straight[:, 0]


def _conclude(result: dict, part: _Part, start: Start, options: MatchOptions) -> None:
    """Velocity, error and flags of the part's rows, into ``result``."""
    rows, bank, best = part.rows, part.bank, start.best
    found = finish(part.fine, part.splines, start, steps_of(options, _limit(bank)), bank.velocity)
    velocity, least, bend, information, factor = found.minimum.T
    per_degree, _, bad_fit = _curvature(least, bend, found.used, options)
    error = _error(per_degree, bend, information, factor, bank.luminosity[best] == "giant", options)
    plain, straight = _plain_chi2(part, best, velocity)
    n_good, weight = result["tm_n_pixels"][rows], part.plain.weight
    gain = (straight - plain) * np.maximum(n_good - N_COEF - 1, 1)
    ivar = scaled_ivar(part.spectra.ivar[rows, part.pixels], part.bad, part.scale)
    flag = curve_flags(found.curve, bank.velocity, velocity, least, per_degree, options)
    flag |= pixel_flags(weight, ivar, plain, n_good, options)
    flag |= np.where(bad_fit | (gain < options.featureless_sigma**2 * plain), TemplateFlag.FEATURELESS, 0)
    result["rv_tm"][rows] = np.where(bad_fit, np.nan, velocity)
    result["rv_tm_err"][rows] = np.where(bad_fit, np.nan, error)
    result["tm_template"][rows] = bank.name[best]
    result["tm_class"][rows] = bank.spectral_class[best]
    result["tm_chi2"][rows] = plain / np.maximum(weight.sum(axis=1), 1e-30)
    result["tm_flag"][rows] = np.where(bad_fit, flag | TemplateFlag.NOT_MEASURED, flag).astype(np.int32)
