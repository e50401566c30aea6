"""The second model of the paper: trained on a theory grid, for TEFF_BT (Li et al. 2021, sections 3.2.2 and 4.1.2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

from mstars.core.randomness import rng
from mstars.engines.slam.continuum import normalise
from mstars.engines.slam.forward import ForwardModel, scaling_of
from mstars.engines.slam.search import Sample, search
from mstars.engines.slam.training import fit_model
from mstars.spectra.grids import Grid
from mstars.templates.theory import TheoryGrid, check_covers

LOG = logging.getLogger("mstars")
LABELS = ("teff", "m_h", "logg")
"""Of the model: all that the paper's grid has."""


def train_theory(
    theory: TheoryGrid, grid: Grid, settings: Mapping, seed: int
) -> tuple[ForwardModel, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """The forward model of a theory grid.

    Parameters
    ----------
    theory : TheoryGrid
        Where it knows [alpha/M], the spectra nearest to 0 are taken.
    grid : Grid
        The engine's pixels.
    settings : mapping
        The engine's.
    seed : int

    Returns
    -------
    model : ForwardModel
        Of `LABELS`.
    variance : ndarray of float64, [pixel]
        CV-MSE of scaled fluxes.
    box : (lower, upper)
        Labels within which spectra are fitted.

    Raises
    ------
    InputError
        The grid does not cover ``theory_box`` or the pixels.
    """
    box = {label: settings["theory_box"][label] for label in LABELS if label in settings["theory_box"]}
    check_covers(theory, box)
    alpha = theory.labels["alpha_m"]
    if alpha.notna().all():
        theory = theory.select((alpha.abs() == alpha.abs().min()).to_numpy())
    labels = theory.labels[list(LABELS)].to_numpy(dtype=float)
    flux = theory.flux_on(grid)
    model, variance = _trained(labels, _normal(flux, grid, settings), settings, rng(seed, "slam", "theory"))
    limits = [box.get(label, theory.limits()[label]) for label in LABELS]
    lower, upper = np.array(limits, dtype=float).T
    if settings["theory_resample"]:
        draws = rng(seed, "slam", "resample")
        drawn = draws.uniform(lower, upper, (settings["theory_resample"], len(LABELS)))
        LOG.info("%d spectra drawn from the model of the grid", len(drawn))
        model, variance = _trained(drawn, model.flux(drawn).astype(np.float32), settings, draws)
    return model, variance, (lower, upper)


def _normal(flux: np.ndarray, grid: Grid, settings: Mapping) -> np.ndarray:
    return normalise(grid.wavelength, flux, np.ones_like(flux), settings["normalisation"]).flux


def _trained(labels, flux, settings, draws) -> tuple[ForwardModel, np.ndarray]:
    used = np.ones(flux.shape, bool)
    scaling = scaling_of(labels, flux, used)
    groups = draws.permutation(len(labels)) % settings["hyper"]["cv"]
    sample = Sample.of(scaling, labels, flux, np.full(flux.shape, 1e12, np.float32), groups)
    found, _ = search(sample, scaling, settings)
    return fit_model(sample, scaling, found, settings), found.cv_mse
