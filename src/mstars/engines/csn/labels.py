"""From spectra to labels: the fits of section 3.5 in order, and what they say in K and dex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.engines.contract import EngineInput, Estimates
from mstars.engines.csn.fit import OPTIMISERS, Fit, Model, gauss_newton, nearest_start
from mstars.engines.csn.info import INFO
from mstars.engines.csn.passage import Passage
from mstars.engines.csn.settings import CsnNetwork

SYNTH_ERROR = CsnNetwork.default("synth_error")
"""Error of normalised flux in the synthetic domain (section 2.4). It only tells a fit there when it has converged."""

WIDEST_SHIFT = 200.0
"""km/s: the velocity of ``fit.rv: own`` may differ by half of this from the catalogue's, to either side."""


@dataclass
class Fits:
    """The three fits of n spectra: theory as it is, the synthetic domain, and the one whose labels count."""

    theory: Fit
    synthetic: Fit
    final: Fit
    pixels: torch.Tensor


def shifted(passage: Passage, wavelength: np.ndarray, y: torch.Tensor) -> torch.Tensor:
    """Theoretical flux [n, pixel] of y [n, k + 1], whose last column is a velocity in units of `WIDEST_SHIFT`."""
    flux = passage.theory(y[:, :-1])
    step = float(wavelength[1] - wavelength[0])
    places = torch.from_numpy(wavelength / (C_KMS * step)).to(y) * WIDEST_SHIFT
    place = torch.arange(len(wavelength)) - y[:, -1:] * places
    left = place.detach().floor().long().clamp(0, len(wavelength) - 2)
    share = (place - left).clamp(0, 1)
    return (1 - share) * flux.gather(1, left) + share * flux.gather(1, left + 1)


def fit_spectra(
    passage: Passage,
    flux: torch.Tensor,
    ivar: torch.Tensor,
    fit: Mapping,
    wavelength: np.ndarray,
    split: torch.Tensor | None = None,
) -> Fits:
    """Fit some spectra.

    Parameters
    ----------
    passage : Passage
    flux, ivar : Tensor, [n, pixel]
        Normalised.
    fit : mapping
        ``engines.csn.fit``.
    wavelength : ndarray, [pixel]
        Angstrom.
    split : Tensor, [n, split_latent, place], optional
        Split latents to use in place of the spectra's own: what the split latent carries shows in labels that move.

    Returns
    -------
    Fits
    """
    flux, ivar = flux.to(passage.dtype), ivar.to(passage.dtype)
    optimiser, k = OPTIMISERS[fit["optimiser"]], passage.fitted_labels(fit["alpha"])
    least = fit["least_error"]
    weight = ivar if not least else 1 / (1 / ivar.clamp(min=1e-30) + least**2)
    weight = weight * passage.used
    start = nearest_start(passage, flux, weight, k)
    if fit["rv"] == "own":
        start = torch.cat([start, torch.zeros(len(start), 1, dtype=start.dtype)], dim=1)
        theory = optimiser(Model.of(lambda y: shifted(passage, wavelength, y)), flux, weight, start, steps=fit["steps"])
    else:
        theory = optimiser(Model.theory(passage), flux, weight, start, steps=fit["steps"])
    shared, own = passage.encode(flux)
    transferred = passage.to_synth(shared)
    synthetic = synthetic_fit(passage, transferred, k, fit["steps"])
    pixels = (weight > 0).sum(dim=1)
    if fit["domain"] == "synthetic":
        if fit["transfer"] == "difference":
            transferred = flux + transferred - passage.rebuilt(shared, passage.split_features(own))
        final = gauss_newton(Model.theory(passage), transferred, weight, synthetic.y, steps=fit["steps"])
        return Fits(theory, synthetic, final, pixels)
    features = passage.split_features(own if split is None else split)
    final = optimiser(Model.observed(passage, fit["transfer"]), flux, weight, synthetic.y, features, steps=fit["steps"])
    return Fits(theory, synthetic, final, pixels)


def synthetic_fit(passage: Passage, transferred: torch.Tensor, k: int, steps: int) -> Fit:
    """Theory fitted to spectra [n, pixel] that were moved to the synthetic domain.

    The first step of section 3.5 has no weights: a transferred spectrum is as good everywhere.
    """
    even = (passage.used.to(transferred) / SYNTH_ERROR**2).expand_as(transferred)
    start = nearest_start(passage, transferred, even, k)
    return gauss_newton(Model.theory(passage), transferred, even, start, steps=steps)


def within(passage: Passage, x: EngineInput, rows: np.ndarray, labels: np.ndarray, fit: Mapping) -> np.ndarray:
    """The rows whose spectra are of stars such as the synthetic set has, by fits without transfer.

    The two domains have to overlap (section 3.1). Where the observed set has hotter stars too, the networks take these
    for the hottest of the synthetic set, and all others for cooler ones than they are.

    Parameters
    ----------
    passage : Passage
        Its networks are not used.
    x : EngineInput
    rows : ndarray of int
    labels : ndarray, [m, 4]
        Of the synthetic set, K and dex. Teff and [M/H] count.
    fit : mapping
        ``engines.csn.fit``.

    Raises
    ------
    InputError
        None is.
    """
    chosen, kept = [0, 2], []
    lower, upper = (passage.emulator.scaled(torch.from_numpy(edge(labels, axis=0)[None]))[:, chosen]
                    for edge in (np.min, np.max))  # fmt: skip
    for first in range(0, len(rows), fit["chunk"]):
        part = x.take(rows[first : first + fit["chunk"]])
        flux, ivar = (torch.from_numpy(np.array(array)).to(passage.dtype) for array in (part.flux, part.ivar))
        weight = ivar * passage.used
        start = nearest_start(passage, flux, weight, passage.fitted_labels(fit["alpha"]))
        y = gauss_newton(Model.theory(passage), flux, weight, start, steps=fit["steps"]).y[:, chosen]
        kept.append(((y > lower) & (y < upper)).all(dim=1).numpy())
    inside = rows[np.concatenate(kept)]
    if not len(inside):
        raise InputError(
            f"Cycle-StarNet: fits of theory put all {len(rows)} observed spectra beyond the synthetic set's Teff and "
            "[M/H]; give other theory (engines.csn.theory), or set engines.csn.sample.beyond to kept"
        )
    return inside


def labels_of(passage: Passage, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """teff, logg, m_h and alpha_m of a fit with errors of the first three, [n, 4] and [n, 3], in K and dex.

    NaN where the curvature has no inverse: the spectrum says too little.
    """
    k = 4 if fit.y.shape[1] == 4 else 3
    values = passage.emulator.unscaled(passage.whole(fit.y[:, :k])).numpy().copy()
    width = (passage.emulator.upper - passage.emulator.lower).numpy()
    error = np.sqrt(torch.diagonal(fit.covariance, dim1=1, dim2=2)[:, :3].numpy()) * width[:3]
    unknown = ~np.isfinite(error).all(axis=1)
    values[unknown], error[unknown] = np.nan, np.nan
    return values, error


def _of_theory(fit: Fit, fit_settings: Mapping) -> tuple[Fit, np.ndarray]:
    """The fit without its velocity, and the velocity in km/s, [n]; NaN where none was fitted."""
    if fit_settings["rv"] != "own":
        return fit, np.full(len(fit.y), np.nan)
    velocity = fit.y[:, -1].double().numpy() * WIDEST_SHIFT
    return Fit(fit.y[:, :-1], fit.covariance[:, :-1, :-1], fit.chi2, fit.converged, fit.steps), velocity


def estimate(passage: Passage, x: EngineInput, settings: Mapping, wavelength: np.ndarray) -> Estimates:
    """Labels of n spectra with formal errors, chi2, flags and the extra columns of the engine."""
    fit, chunk = settings["fit"], settings["fit"]["chunk"]
    parts = [
        _estimate(passage, x.take(slice(first, first + chunk)), fit, settings["chi2_max"], wavelength)
        for first in range(0, len(x), chunk)
    ]
    return Estimates(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "error", "chi2", "flag")),
        {name: np.concatenate([part.extra[name] for part in parts]) for name in INFO.extra_columns},
    )


@torch.no_grad()
def _estimate(passage: Passage, x: EngineInput, fit, chi2_max, wavelength) -> Estimates:
    flux, ivar = (torch.from_numpy(np.require(array, requirements=["C", "W"])) for array in (x.flux, x.ivar))
    fits = fit_spectra(passage, flux, ivar, fit, wavelength)
    values, error = labels_of(passage, fits.final)
    known, freedom = np.isfinite(error).all(axis=1), (fits.pixels - fits.final.y.shape[1]).clamp(min=1).numpy()
    chi2 = np.where(known, fits.final.chi2.numpy() / freedom, np.nan)
    flag = int(EngineFlag.NOT_CONVERGED) * ~fits.final.converged.numpy()
    flag |= int(EngineFlag.AT_BOUNDARY) * fits.final.at_boundary.numpy()
    if chi2_max is not None:
        flag |= int(EngineFlag.POOR_FIT) * (np.nan_to_num(chi2) > chi2_max)
    theory, velocity = _of_theory(fits.theory, fit)
    extra = {"chi2_theory": fits.theory.chi2.numpy() / freedom, "rv_shift": velocity, "alpha_m_fitted": values[:, 3]}
    for name, one in (("theory", theory), ("synthetic", fits.synthetic)):
        found = labels_of(passage, one)[0]
        extra |= {f"{label}_{name}": found[:, column] for column, label in enumerate(INFO.labels)}
    for column in extra.values():
        column[~known] = np.nan
    return Estimates(values[:, :3], error, chi2, flag.astype(np.int64) * known, extra)
