"""The second model of the paper: trained on a theory grid, for TEFF_BT (Li et al. 2021, sections 3.2.2 and 4.1.2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mstars.core.randomness import rng
from mstars.engines.slam.continuum import normalise
from mstars.engines.slam.fit import Fitter
from mstars.engines.slam.forward import ForwardModel, scaling_of
from mstars.engines.slam.search import Sample, search
from mstars.engines.slam.training import fit_model
from mstars.spectra.grids import Grid
from mstars.templates.theory import TheoryGrid, check_covers

LOG = logging.getLogger("mstars")
LABELS = ("teff", "m_h", "logg")
"""Of the model: all that the paper's grid has."""
NOISE_LEVELS = (10.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0)
"""S/N a pixel that the cross-validation adds noise for."""


@dataclass
class TheoryModel:
    """The forward model of a theory grid.

    Attributes
    ----------
    model : ForwardModel
        Of `LABELS`.
    variance : ndarray of float64, [pixel]
        CV-MSE of scaled fluxes.
    lower, upper : ndarray of float64, [k]
        Labels within which spectra are fitted.
    cv : ndarray of float64, [level, 5]
        S/N, bias and scatter of Teff, of [M/H]: spectra of the grid with noise, fitted by models that have not seen
        them (Figure 2).
    """

    model: ForwardModel
    variance: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    cv: np.ndarray

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """What a model folder keeps."""
        return self.model.arrays | {"variance": self.variance, "lower": self.lower, "upper": self.upper, "cv": self.cv}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> TheoryModel:
        """The model of `arrays`."""
        return cls(ForwardModel.from_arrays(arrays), *(arrays[name] for name in ("variance", "lower", "upper", "cv")))


def train_theory(theory: TheoryGrid, grid: Grid, settings: Mapping, seed: int) -> TheoryModel:
    """Train on a theory grid.

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
    TheoryModel

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
    flux = normalise(grid.wavelength, raw := theory.flux_on(grid), np.ones_like(raw), settings["normalisation"]).flux
    limits = theory.limits()
    lower, upper = np.array([box.get(label, limits[label]) for label in LABELS], dtype=float).T
    draws, own = rng(seed, "slam", "theory"), settings | {"hyper": settings["theory_hyper"]}
    model, variance, cv = _trained(labels, flux, own, (lower, upper), draws)
    if settings["theory_resample"]:
        drawn = draws.uniform(lower, upper, (settings["theory_resample"], len(LABELS)))
        LOG.info("%d spectra drawn from the model of the grid", len(drawn))
        model, variance, cv = _trained(drawn, model.flux(drawn).astype(np.float32), own, (lower, upper), draws)
    return TheoryModel(model, variance, lower, upper, cv)


def _trained(labels, flux, settings, box, draws):
    used = np.ones(flux.shape, bool)
    scaling = scaling_of(labels, flux, used)
    groups = draws.permutation(len(labels)) % settings["hyper"]["cv"]
    sample = Sample.of(scaling, labels, flux, np.full(flux.shape, 1e12, np.float32), groups)
    found, models = search(sample, scaling, settings)
    cv = _noise_test(labels, flux, groups, models, found.cv_mse, box, draws)
    return fit_model(sample, scaling, found, settings), found.cv_mse, cv


def _noise_test(labels, flux, groups, models, variance, box, draws) -> np.ndarray:
    """Bias and scatter against S/N, of the spectra within the box that are not at the grid's own edges."""
    inside = ((labels >= box[0]) & (labels <= box[1])).all(axis=1)
    rows = []
    for snr in NOISE_LEVELS:
        off = np.full((len(labels), 2), np.nan)
        for number, model in enumerate(models):
            part = np.flatnonzero(inside & (groups == number))
            noisy = (flux[part] * (1 + draws.normal(0, 1 / snr, flux[part].shape))).astype(np.float32)
            ivar = (snr / flux[part]) ** 2
            fitted = Fitter(model, variance, *_wider(box)).fit(noisy, ivar.astype(np.float32))
            off[part] = fitted.labels[:, :2] - labels[part, :2]
        rows.append((snr, *np.column_stack([np.nanmean(off, axis=0), np.nanstd(off, axis=0)]).ravel()))
    return np.array(rows)


def _wider(box):
    """The box with room, so that spectra at its edges are not held there."""
    room = 0.1 * (box[1] - box[0])
    return box[0] - room, box[1] + room
