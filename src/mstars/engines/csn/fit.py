"""Labels of spectra by fits (section 3.5): batched Gauss-Newton steps with forward-mode derivatives, or L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch.func import jvp, vmap

from mstars.engines.csn.passage import Passage


@dataclass(frozen=True)
class Model:
    """What is fitted.

    Attributes
    ----------
    flux : callable
        Flux [n, pixel] of scaled labels [n, k] and of what goes with each spectrum, [n, ...].
    with_slopes : callable
        That, and its derivatives [k, n, pixel].
    """

    flux: Callable[..., torch.Tensor]
    with_slopes: Callable[..., tuple[torch.Tensor, torch.Tensor]]

    @classmethod
    def theory(cls, passage: Passage) -> Model:
        """Theoretical spectra as they are."""
        return cls(passage.theory, passage.theory_slopes)

    @classmethod
    def observed(cls, passage: Passage, transfer: str = "whole") -> Model:
        """Theoretical spectra in the observed domain; see `Passage.observed`."""
        return cls(partial(passage.observed, transfer=transfer), partial(passage.observed_slopes, transfer=transfer))

    @classmethod
    def of(cls, flux: Callable[..., torch.Tensor]) -> Model:
        """Any flux, with derivatives by torch."""
        return cls(flux, lambda y, *beside: jacobian(flux, y, *beside))


BOUND = 0.5
"""Scaled labels reach from -BOUND to BOUND over the theory grid."""

_SMALL = 3e-3
"""A fit has converged when a full step would lower chi2 by less than this."""

_MOST_DAMPING = 1e5
"""So short a step that does not lower chi2 ends a fit too: the networks have bends, and a minimum may lie in one."""


@dataclass
class Fit:
    """Fits of n spectra, in scaled labels.

    Attributes
    ----------
    y : Tensor, [n, k]
    covariance : Tensor of float64, [n, k, k]
        Inverse of the curvature (Gauss-Newton's Hessian) for errors that are the weights'.
    chi2 : Tensor of float64, [n]
        Sum of squared residuals times weight.
    converged : Tensor of bool, [n]
    steps : int
        Evaluations of the model with derivatives for the slowest spectrum.
    """

    y: torch.Tensor
    covariance: torch.Tensor
    chi2: torch.Tensor
    converged: torch.Tensor
    steps: int

    @property
    def at_boundary(self) -> torch.Tensor:
        """Whether a label lies at the edge of the theory grid, bool [n]."""
        return (self.y.abs() >= BOUND - 1e-6).any(dim=1)


def jacobian(
    model: Callable[..., torch.Tensor], y: torch.Tensor, *beside: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Flux [n, pixel] and its derivatives [k, n, pixel] by each label, by torch's forward mode."""
    k = y.shape[1]
    directions = torch.eye(k, dtype=y.dtype)[:, None, :].expand(k, *y.shape)

    def along(direction):
        return jvp(lambda labels: model(labels, *beside), (y,), (direction,))

    flux, slopes = vmap(along, out_dims=(None, 0))(directions)
    return flux, slopes


def _normal(flux, weight, model_flux, slopes) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """chi2 [n], half its gradient (downhill) [n, k] and curvature [n, k, k], summed in float64."""
    residual = flux - model_flux
    weighted = weight * residual
    chi2 = (weighted.double() * residual.double()).sum(dim=1)
    down = torch.einsum("knp,np->nk", slopes, weighted).double()
    curvature = torch.einsum("knp,np,lnp->nkl", slopes, weight, slopes).double()
    return chi2, down, curvature


def _step(y, down, curvature, damping) -> tuple[torch.Tensor, torch.Tensor]:
    """The damped step [n, k] within the box, and by how much it would lower chi2 without the box, [n].

    A label that lies at a bound and is pushed outwards stays where it is. The gain is that of a linear model.
    """
    held = ((y >= BOUND) & (down > 0)) | ((y <= -BOUND) & (down < 0))
    free = (~held).double()
    size = torch.diagonal(curvature, dim1=1, dim2=2).clamp(min=1e-12)
    matrix = curvature * free[:, :, None] * free[:, None, :]
    matrix = matrix + torch.diag_embed(size * (damping[:, None] * free) + (1 - free) * size + 1e-9 * size)
    step = torch.linalg.solve(matrix, down * free)
    gain = (step * down * free).sum(dim=1)
    return (y.double() + step).clamp(-BOUND, BOUND) - y.double(), gain


def gauss_newton(
    model: Model,
    flux: torch.Tensor,
    weight: torch.Tensor,
    start: torch.Tensor,
    *beside: torch.Tensor,
    steps: int = 30,
) -> Fit:
    """Minimise sum of weight * (flux - model)^2 for each spectrum, in the box of the theory grid.

    Steps are damped as by Levenberg and Marquardt: one that raises chi2 is taken back and shortened. Spectra whose fit
    has converged are computed no more.

    Parameters
    ----------
    model : Model
    flux, weight : Tensor, [n, pixel]
        Weight is 1 / error^2, 0 for pixels that don't count.
    start : Tensor, [n, k]
    *beside : Tensor, [n, ...]
        Passed to the model with the labels.
    steps : int
        The most evaluations.

    Returns
    -------
    Fit
    """
    n, k = start.shape
    y = start.clamp(-BOUND, BOUND).clone()
    trial = y.clone()
    chi2 = torch.full((n,), torch.inf, dtype=torch.float64)
    down, curvature = torch.zeros(n, k, dtype=torch.float64), torch.zeros(n, k, k, dtype=torch.float64)
    damping, done = torch.full((n,), 1e-3, dtype=torch.float64), torch.zeros(n, dtype=torch.bool)
    count = 0
    for _ in range(steps):
        rows = torch.nonzero(~done)[:, 0]
        if len(rows) == 0:
            break
        count += 1
        flux_now, slopes = model.with_slopes(trial[rows], *(value[rows] for value in beside))
        new = _normal(flux[rows], weight[rows], flux_now, slopes)
        better = new[0] <= chi2[rows]
        kept = rows[better]
        y[kept], chi2[kept] = trial[kept], new[0][better]
        down[kept], curvature[kept] = new[1][better], new[2][better]
        damping[rows] = torch.where(better, damping[rows] * 0.2, damping[rows] * 8).clamp(1e-9, 1e6)
        step, _ = _step(y[rows], down[rows], curvature[rows], damping[rows])
        _, gain = _step(y[rows], down[rows], curvature[rows], torch.zeros(len(rows), dtype=torch.float64))
        done[rows] = (gain < _SMALL) | (damping[rows] > _MOST_DAMPING)
        trial[rows] = (y[rows].double() + step).to(y)
    return Fit(y, _covariance(curvature), chi2, done, count)


def _covariance(curvature: torch.Tensor) -> torch.Tensor:
    """Inverse of the curvature; NaN where it has none."""
    size = torch.diagonal(curvature, dim1=1, dim2=2)
    good = (size > 0).all(dim=1)
    root = torch.where(good[:, None], size, 1.0).sqrt()
    scaled = curvature / root[:, :, None] / root[:, None, :]
    eye = torch.eye(size.shape[1], dtype=size.dtype)
    inverse, info = torch.linalg.inv_ex(torch.where(good[:, None, None], scaled, eye))
    inverse = inverse / root[:, :, None] / root[:, None, :]
    positive = good & (info == 0) & (torch.diagonal(inverse, dim1=1, dim2=2) > 0).all(dim=1)
    return torch.where(positive[:, None, None], inverse, torch.nan)


def lbfgs(
    model: Model,
    flux: torch.Tensor,
    weight: torch.Tensor,
    start: torch.Tensor,
    *beside: torch.Tensor,
    steps: int = 200,
) -> Fit:
    """The same minimum by L-BFGS with bounds, one spectrum after the other, as the paper does it.

    The curvature for the errors is computed at the end, as in `gauss_newton`.
    """
    from scipy.optimize import minimize

    n = len(start)
    y, converged, most = start.clamp(-BOUND, BOUND).clone(), torch.zeros(n, dtype=torch.bool), 0
    for row in range(n):
        own = [value[row : row + 1] for value in beside]

        def cost(values, row=row, own=own):
            with torch.enable_grad():
                labels = torch.from_numpy(values).to(flux)[None].requires_grad_(True)
                residual = flux[row] - model.flux(labels, *own)[0]
                chi2 = (weight[row] * residual.square()).sum()
                (slope,) = torch.autograd.grad(chi2, labels)
            return float(chi2.detach()), slope[0].double().numpy()

        found = minimize(
            cost,
            y[row].double().numpy(),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * y.shape[1],
            options={"maxiter": steps, "ftol": 1e-9, "gtol": 1e-4},
        )
        y[row] = torch.from_numpy(found.x).to(y)
        converged[row], most = bool(found.success) or found.nit < steps, max(most, int(found.nfev))
    flux_now, slopes = model.with_slopes(y, *beside)
    chi2, _, curvature = _normal(flux, weight, flux_now, slopes)
    return Fit(y, _covariance(curvature), chi2, converged, most)


OPTIMISERS = {"gauss_newton": gauss_newton, "lbfgs": lbfgs}


def nearest_start(passage: Passage, flux: torch.Tensor, weight: torch.Tensor, k: int) -> torch.Tensor:
    """The synthetic spectrum with the least chi2 as the start of a fit: its first k scaled labels, [n, k]."""
    spectra = passage.emulator.of_scaled(passage.start)
    # chi2 but for a term that is the same for all
    cost = weight @ spectra.square().T - 2 * (weight * flux) @ spectra.T
    return passage.start[cost.argmin(dim=1), :k]
