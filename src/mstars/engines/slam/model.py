"""The engine slam: Teff and [M/H] of M dwarfs by a forward model of each pixel's flux (Li et al. 2021)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.config.keys import plain
from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.engines.base import BaseEngine, empty_estimates
from mstars.engines.contract import EngineInput, Estimates, HeldOut, TableReader
from mstars.engines.folder import read_model, write_model
from mstars.engines.slam.choice import (
    Choice,
    cv_groups,
    fit_options,
    label_box,
    load_choice,
    make_choice,
    model_variance,
    save_choice,
    triples_table,
    with_prefix,
)
from mstars.engines.slam.continuum import normalise, without_neighbours
from mstars.engines.slam.covariance import Covariance
from mstars.engines.slam.errors import above_limit, curve_errors
from mstars.engines.slam.fit import Fitted, Fitter
from mstars.engines.slam.forward import ForwardModel, scaling_of
from mstars.engines.slam.info import INFO
from mstars.engines.slam.search import Sample
from mstars.engines.slam.settings import OF_FIT, OF_SEARCH
from mstars.engines.slam.shrinkage import Shrinkage
from mstars.engines.slam.theory_model import TheoryModel, train_theory
from mstars.engines.slam.training import fit_model
from mstars.parameters.calibration import label_errors_beside, quoted_errors
from mstars.parameters.label_set import SurveyRules
from mstars.spectra.container import SpectrumSet
from mstars.spectra.grids import Grid
from mstars.spectra.resampling import resample
from mstars.templates.theory_formats import read_theory_grid

PLANTED = "planted"
"""Value of ``theory`` that the workflow replaces by the path of the simulated survey's grid, or by null."""
SEARCH = "search"
"""Folder of the search beside those of the parts."""


@dataclass
class SlamModel:
    """A model ready to fit.

    Attributes
    ----------
    fitter : Fitter
    labels : list of str
    curves : ndarray, [k, 3]
    limits : ndarray, [2, node]
        Of chi2, by S/N.
    theory : Fitter or None
    about : dict
    """

    fitter: Fitter
    labels: list[str]
    curves: np.ndarray
    limits: np.ndarray
    theory: Fitter | None
    about: dict


class SlamEngine(BaseEngine):
    """Teff and [M/H] of M dwarfs."""

    info = INFO

    def grid(self, settings: Mapping) -> Grid:
        """LAMOST's own pixels without ``mask``."""
        return Grid.log10(int(INFO.grid.first), int(INFO.grid.last)).without(settings["mask"])

    def training_set(
        self, read: TableReader, *, kind: str, settings: Mapping, rules: SurveyRules
    ) -> tuple[pd.DataFrame, dict]:
        """m_catalog_v3 with APOGEE's labels and the cuts of section 3.2.1."""
        labels = settings["labels"]
        if tuple(labels[:2]) != INFO.labels or len(set(labels)) < len(labels):
            raise InputError(f"engines.slam.labels: {list(labels)}; give teff and m_h first, and each label once")
        section = f"engines.{INFO.name}"
        return self.with_apogee(read, labels, section, kind=kind, settings=settings, rules=rules)

    def prepare(self, spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
        """Flux over the continuum, and its inverse variance."""
        grid = self.grid(settings)
        flux, ivar, filled = resample(spectra, grid, rv if settings["shift"] else None, order=3)
        found = normalise(grid.wavelength, flux, ivar, settings["normalisation"])
        own = without_neighbours(found.ivar) if settings["grow_gaps"] else found.ivar
        return EngineInput(found.flux, own, filled)

    def search(self, x: EngineInput, table: pd.DataFrame, *, settings: Mapping, folder: Path, about: Mapping) -> Choice:
        """Choose the hyper-parameters for all parts and write them into a folder.

        Parameters
        ----------
        x : EngineInput
            Inputs of the training set.
        table : pandas.DataFrame
            The training set.
        settings : mapping
        folder : Path
            ``search`` beside the folders of the parts.
        about : mapping
            ``training_set``: its hash.
        """
        checkpoint = folder.parent / f".{folder.name}_progress.npz"  # outside: Snakemake empties the rule's outputs
        identity = self._identity(settings, about)
        choice = make_choice(x, table, settings, checkpoint=checkpoint, key=json.dumps(identity))
        save_choice(choice, folder, identity)
        return choice

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
        """Fit a part with the hyper-parameters of ``search``; without that folder the part searches for itself."""
        rows = self.training_rows(table, part)
        left_out = cv_groups(table, settings["hyper"]["cv"])[~rows]
        own, table = x.take(rows), table[rows].reset_index(drop=True)
        flux, ivar = np.asarray(own.flux), np.asarray(own.ivar)
        labels = table[list(settings["labels"])].to_numpy(dtype=float)
        if (folder.parent / SEARCH / "search.json").is_file():
            choice = load_choice(folder.parent / SEARCH, self._identity(settings, about)).for_others(left_out)
        else:
            choice = make_choice(EngineInput(flux, ivar, own.filled), table, settings)
        scaling = scaling_of(labels, flux, ivar > 0)
        choice = choice.rescaled(scaling)
        found = choice.found
        sample = Sample.of(scaling, labels, flux, ivar, np.zeros(len(table), int), settings["weights"])
        model = fit_model(sample, scaling, found, settings)
        covariance = choice.covariance or Covariance.of_pixels(
            model_variance(found, settings, _training_mse(model, sample))
        )
        lower, upper = label_box(labels, settings["box"])
        shrinkage = choice.shrinkage and choice.shrinkage.of(len(table))
        fitted = self._fitter(model, covariance, shrinkage, lower, upper, settings).fit(flux, ivar)
        arrays = model.arrays | covariance.arrays | {"lower": lower, "upper": upper, "curves": choice.curves}
        if shrinkage is not None:
            arrays |= {f"shrinkage_{name}": values for name, values in shrinkage.arrays.items()}
        arrays["chi2_limits"] = choice.chi2_limits
        if part == "all":
            arrays |= self._theory_arrays(settings, seed)
        about = {
            **about,
            "label_min": labels[:, :2].min(axis=0),
            "label_max": labels[:, :2].max(axis=0),
            "settings": {name: plain(settings[name]) for name in ("recipe", *OF_SEARCH)},
            "training_scatter": np.nanstd(fitted.labels - labels, axis=0),
        }
        grid = self.grid(settings)
        history = triples_table(found)
        write_model(folder, INFO, arrays, kind=kind, part=part, grid=grid, about=about, history=history)

    def load(self, folders: Sequence[Path], *, kind: str, settings: Mapping, gpus: int = 0) -> SlamModel:
        """The model of the one folder, with that of the theory grid where it has one."""
        stored = read_model(folders[0], INFO, kind=kind, grid=self.grid(settings))
        arrays, names = stored.arrays, list(settings["labels"])
        _check_settings(stored.about.get("settings"), settings, f"{folders[0]}/model.json")
        covariance, shrinkage = Covariance.from_arrays(arrays), with_prefix(arrays, "shrinkage_")
        correction = Shrinkage.from_arrays(shrinkage) if shrinkage else None
        model, box = ForwardModel.from_arrays(arrays), (arrays["lower"], arrays["upper"])
        fitter = self._fitter(model, covariance, correction, *box, settings)
        theory = None
        if of_theory := with_prefix(arrays, "theory_"):
            found = TheoryModel.from_arrays(of_theory)
            theory = Fitter(found.model, found.variance, found.lower, found.upper)
        return SlamModel(fitter, names, arrays["curves"], arrays["chi2_limits"], theory, stored.about)

    def predict(self, model: SlamModel, x: EngineInput, about: pd.DataFrame) -> Estimates:
        """Labels with formal errors, and TEFF_BT where the model has a theory grid."""
        flux, ivar, n = np.asarray(x.flux), np.asarray(x.ivar), len(x)
        snr = about["snri"].to_numpy(dtype=float)
        found, estimates = model.fitter.fit(flux, ivar), empty_estimates(INFO, n)
        k = len(INFO.labels)
        known = np.isfinite(found.labels).all(axis=1) & np.isfinite(found.error[:, :k]).all(axis=1)
        estimates.values[known], estimates.error[known] = found.labels[known, :k], found.error[known, :k]
        estimates.chi2 = np.where(known, found.reduced, np.nan)
        flag = estimates.flag
        flag |= int(EngineFlag.NOT_CONVERGED) * (known & ~found.converged)
        flag |= int(EngineFlag.AT_BOUNDARY) * (known & found.at_boundary)
        flag |= int(EngineFlag.POOR_FIT) * (known & above_limit(model.limits, snr, estimates.chi2))
        for column, label in enumerate(model.labels):
            if label in INFO.labels:
                estimates.extra[f"{label}_cv_err"] = np.where(known, curve_errors(model.curves[column], snr), np.nan)
            else:
                estimates.extra[f"{label}_slam"] = np.where(known, found.labels[:, column], np.nan)
        if model.theory is not None:
            self._add_theory(estimates, model.theory.fit(flux, ivar))
        return estimates

    def held_out(
        self, folders: Mapping[str, Path], x: EngineInput, table: pd.DataFrame, *, kind: str, settings: Mapping
    ) -> HeldOut:
        """As of every engine. The formal errors have a floor that is without the labels' errors: these are known."""
        found = super().held_out(folders, x, table, kind=kind, settings=settings)
        floor = read_model(folders["all"], INFO, kind=kind, grid=self.grid(settings)).arrays["floor"]
        if len(floor):
            columns = [f"{label}_label_err" for label in INFO.labels]
            quoted = np.column_stack([quoted_errors(table[name].to_numpy(dtype=float)) for name in columns])
            middle = np.median(quoted, axis=0)
            off = label_errors_beside(floor[: len(INFO.labels)], middle)
            found.label_known = quoted * (off / np.maximum(middle, 1e-12))
        return found

    def _add_theory(self, estimates: Estimates, found: Fitted) -> None:
        chi2 = found.reduced
        known = np.isfinite(found.error[:, 0])
        # where theory and star differ, the formal error of a fit without that variance is too small
        error = found.error[:, 0] * np.sqrt(np.maximum(chi2, 1))
        values = {"teff_bt": found.labels[:, 0], "teff_bt_err": error, "m_h_bt": found.labels[:, 1], "chi2_bt": chi2}
        for name, column in values.items():
            estimates.extra[name] = np.where(known, column, np.nan)
        estimates.flag |= INFO.own_flags["bt_at_boundary"] * (known & found.at_boundary)

    def _theory_arrays(self, settings: Mapping, seed: int) -> dict[str, np.ndarray]:
        if settings["theory"] in (None, PLANTED):
            return {}
        theory = read_theory_grid(
            settings["theory"], medium=settings["theory_medium"], native=settings["theory_resolution"]
        )
        found = train_theory(theory, self.grid(settings), settings, seed)
        return {f"theory_{name}": values for name, values in found.arrays.items()}

    def _fitter(self, model: ForwardModel, covariance: Covariance, shrinkage, lower, upper, settings) -> Fitter:
        return Fitter(model, covariance, lower, upper, shrinkage=shrinkage, **fit_options(settings))

    def _identity(self, settings: Mapping, about: Mapping) -> dict:
        """What the files of a search are of, in JSON types."""
        own = {name: plain(settings[name]) for name in OF_SEARCH}
        return {"training_set": about.get("training_set"), "grid": self.grid(settings).as_dict(), **own}


def _check_settings(said: Mapping | None, settings: Mapping, where: str) -> None:
    """A folder was trained with the settings that decide a fit."""
    if said is None:
        raise InputError(f"{where}: of a version without settings; delete the folder and train again")
    for name in OF_FIT:
        if said.get(name) != (wanted := plain(settings[name])):
            raise InputError(
                f"{where}: trained with {name}: {said.get(name)}; engines.slam.{name} is {wanted}: train again"
            )


def _training_mse(model: ForwardModel, sample: Sample) -> np.ndarray:
    residual = np.where(sample.used, model.scaled(sample.labels) - sample.flux, 0)
    return np.square(residual).sum(axis=0) / np.maximum(sample.used.sum(axis=0), 1)


ENGINE = SlamEngine()
"""The engine of this package."""
