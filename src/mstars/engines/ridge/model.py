"""The ridge engine: labels linear in the flux, errors from the noise of the pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.engines.base import BaseEngine
from mstars.engines.contract import EngineInput, Estimates
from mstars.engines.folder import read_model, write_model
from mstars.engines.ridge.info import INFO
from mstars.engines.ridge.regression import Ridge, fit_ridge
from mstars.spectra.container import SpectrumSet
from mstars.spectra.normalisation import zscore, zscore_ivar
from mstars.spectra.resampling import resample


@dataclass
class RidgeModel:
    """A regression, and the variance of each pixel among the training spectra."""

    ridge: Ridge
    variance: np.ndarray
    about: dict


class RidgeEngine(BaseEngine):
    """Teff, log g, [M/H] and [alpha/M] by ridge regression."""

    info = INFO

    def prepare(self, spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
        """What CNN-TLMA sees, with the inverse variance beside it."""
        flux, ivar, filled = resample(spectra, self.info.grid, rv)
        return EngineInput(zscore(flux), zscore_ivar(flux, ivar), filled)

    def train(
        self,
        x: EngineInput,
        table: pd.DataFrame,
        *,
        kind: str,
        part: str,
        settings: Mapping,
        seed: int,
        folder: Path,
        about: Mapping,
    ) -> None:
        """Fit one fold or all stars. Nothing in it is random."""
        rows = self.training_rows(table, part)
        flux = np.asarray(x.flux)[rows]
        ridge = fit_ridge(flux, table.loc[rows, list(INFO.labels)].to_numpy(dtype=float), settings["components"])
        arrays = {
            "centre": ridge.centre,
            "vectors": ridge.vectors,
            "mean": ridge.mean,
            "scale": ridge.scale,
            "variance": flux.var(axis=0, dtype=float),
            **{f"weights_{label}": weight for label, weight in zip(INFO.labels, ridge.weights, strict=True)},
        }
        history = pd.DataFrame(ridge.tried).assign(label=INFO.labels)
        about = {**about, **self.label_limits(table, part)}
        grid = self.grid(settings)
        write_model(folder, INFO, arrays, kind=kind, part=part, grid=grid, about=about, history=history)

    def load(self, folders: Sequence[Path], *, kind: str, settings: Mapping, gpus: int = 0) -> RidgeModel:
        """The model of the one folder."""
        stored = read_model(folders[0], INFO, kind=kind, grid=self.grid(settings))
        arrays = stored.arrays
        weights = [arrays[f"weights_{label}"] for label in INFO.labels]
        ridge = Ridge(arrays["centre"], arrays["vectors"], weights, arrays["mean"], arrays["scale"], [])
        return RidgeModel(ridge, arrays["variance"], stored.about)

    def predict(self, model: RidgeModel, x: EngineInput, about: pd.DataFrame) -> Estimates:
        """Labels, their noise, and chi2 of the spectrum about its principal components; NaN for one of constants.

        A pixel without information counts with the variance that it has among the training spectra.
        """
        flux, ivar = np.asarray(x.flux), np.asarray(x.ivar, dtype=float)
        scores = model.ridge.scores(flux)
        values = model.ridge.predict(scores)
        known = ivar > 0
        variance = np.where(known, 1 / np.where(known, ivar, 1), model.variance)
        error = np.sqrt(variance @ model.ridge.slopes() ** 2)
        residual = flux - model.ridge.centre - scores @ model.ridge.vectors.T
        freedom = np.maximum(known.sum(axis=1) - scores.shape[1], 1)
        chi2 = np.einsum("np,np->n", ivar, residual.astype(float) ** 2) / freedom
        empty = ~flux.any(axis=1)
        values[empty] = error[empty] = chi2[empty] = np.nan
        return Estimates(values, error, chi2)


ENGINE = RidgeEngine()
