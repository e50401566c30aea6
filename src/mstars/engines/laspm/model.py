"""The engine LASPM: labels of the five nearest library spectra, weighted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.engines.base import BaseEngine
from mstars.engines.contract import EngineInput, Estimates, HeldOut, TableReader
from mstars.engines.folder import read_model, write_model
from mstars.engines.laspm.edges import LabelSlopes, Rest, fit_slopes, rest_of
from mstars.engines.laspm.errors import error_curves, errors_at
from mstars.engines.laspm.golden.library_set import library_set
from mstars.engines.laspm.info import INFO
from mstars.engines.laspm.library import Library, library_noise, one_a_cell
from mstars.engines.laspm.match import Matched, MatchOptions, match
from mstars.parameters.label_set import SurveyRules
from mstars.spectra.container import SpectrumSet
from mstars.spectra.normalisation import mean_normalised
from mstars.spectra.resampling import resample


@dataclass
class LaspmModel:
    """A library, how it is matched, how its flux goes with its labels, and the error curves of its labels."""

    library: Library
    slopes: LabelSlopes
    options: MatchOptions
    settings: Mapping
    about: dict


class LaspmEngine(BaseEngine):
    """Teff, log g and [M/H] by the nearest library spectra."""

    info = INFO

    def training_set(
        self, read: TableReader, *, kind: str, settings: Mapping, rules: SurveyRules
    ) -> tuple[pd.DataFrame, dict]:
        """The library and further spectra of its stars; with ``library: labelled`` all stars with APOGEE's labels."""
        if settings["library"] == "labelled":
            return super().training_set(read, kind=kind, settings=settings, rules=rules)
        return library_set(
            read("library"),
            read("m_catalog", ["spectrum_key", "luminosity_class", "rv", "snri"]),
            read("spectra", ["spectrum_key", "batch", "row"]),
            read("stars", ["spectrum_key", "star_id"]),
            kind=kind,
            folds=settings["folds"],
            least=settings["min_labelled"],
            least_snr=settings["golden"]["selection"]["snri_min"],
            seed=rules.seed,
        )

    def prepare(self, spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
        """Rest-frame flux with a mean of 1 and its inverse variance; zeros for a spectrum of constants."""
        grid = self.grid(settings)
        flux, ivar, filled = resample(spectra, grid, rv)
        for lower, upper in settings["tellurics"]:
            observed = grid.wavelength * (1 + np.nan_to_num(np.asarray(rv, dtype=float))[:, None] / C_KMS)
            ivar[(observed >= lower) & (observed <= upper)] = 0
        return EngineInput(*mean_normalised(flux, ivar), filled)

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
        """Keep the library and measure its errors. Nothing in it is random.

        Raises
        ------
        InputError
            Fewer usable spectra than are combined.
        """
        labels = table[list(INFO.labels)].to_numpy(dtype=float)
        usable = np.asarray(x.flux).any(axis=1) & (np.asarray(x.filled) <= settings["filled_max"])
        if "in_library" in table:
            usable &= table["in_library"].to_numpy(dtype=bool)
        rows = np.flatnonzero(usable)
        if settings["use"] == "grid":
            rows = rows[one_a_cell(labels[rows], table["snri"].to_numpy(dtype=float)[rows], settings["cell"])]
        if len(rows) <= settings["best"]:
            raise InputError(
                f"library laspm_{kind}: {len(rows)} usable spectra, more than engines.laspm.best = {settings['best']} "
                "are needed; give labels for more stars"
            )
        flux, ivar = np.array(x.flux[rows]), np.asarray(x.ivar[rows])
        star, key = (table[name].to_numpy(dtype=str)[rows] for name in ("star_id", "spectrum_key"))
        library = Library(flux, labels[rows], star, key, *library_noise(ivar))
        found = match(library, x.flux, x.ivar, MatchOptions.of(settings), without=table["star_id"].to_numpy(dtype=str))
        own, snr = _mean_labels(library, found), table["snri"].to_numpy(dtype=float)
        curves = error_curves(INFO.labels, own, labels, table["star_id"].to_numpy(dtype=str), np.maximum(snr, 1.0))
        arrays = {"flux": library.flux, "labels": library.labels, "noise": library.noise, "level": library.level}
        about = {
            **about,
            **self.label_limits(table.iloc[rows], part),
            "errors": curves,
            "spectrum_key": key.tolist(),
            "star_id": star.tolist(),
        }
        history = pd.DataFrame(
            {"step": ["labelled", "usable", "library"], "spectra": [len(table), int(usable.sum()), len(rows)]}
        )
        grid = self.grid(settings)
        write_model(folder, INFO, arrays, kind=kind, part=part, grid=grid, about=about, history=history)

    def load(self, folders: Sequence[Path], *, kind: str, settings: Mapping, gpus: int = 0) -> LaspmModel:
        """The library of the one folder."""
        stored = read_model(folders[0], INFO, kind=kind, grid=self.grid(settings))
        arrays, about = stored.arrays, stored.about
        star, key = (np.array(about[name], dtype=str) for name in ("star_id", "spectrum_key"))
        library = Library(arrays["flux"], arrays["labels"], star, key, arrays["noise"], arrays["level"])
        return LaspmModel(
            library, fit_slopes(library.flux, library.labels)[0], MatchOptions.of(settings), settings, about
        )

    def predict(self, model: LaspmModel, x: EngineInput, about: pd.DataFrame) -> Estimates:
        """Weighted labels of the nearest library spectra. A library spectrum matches itself."""
        return _estimates(model, x, about, None)

    def held_out(
        self, folders: Mapping[str, Path], x: EngineInput, table: pd.DataFrame, *, kind: str, settings: Mapping
    ) -> HeldOut:
        """Each labelled spectrum by the library without its star, and by the whole library."""
        model = self.load([folders["all"]], kind=kind, settings=settings)
        return HeldOut(
            _estimates(model, x, table, table["star_id"].to_numpy(dtype=str)), _estimates(model, x, table, None)
        )


def _mean_labels(library: Library, found: Matched) -> np.ndarray:
    """Weighted labels [n, label]; NaN where nothing was found."""
    values = np.einsum("nb,nbk->nk", found.weight, library.labels[found.best])
    return np.where(np.isfinite(found.chi2)[:, None], values, np.nan)


def _estimates(model: LaspmModel, x: EngineInput, about: pd.DataFrame, without: np.ndarray | None) -> Estimates:
    library, settings = model.library, model.settings
    found = match(library, np.asarray(x.flux), np.asarray(x.ivar), model.options, without=without)
    values, known = _mean_labels(library, found), np.isfinite(found.chi2)
    errors = np.where(known[:, None], errors_at(model.about["errors"], INFO.labels, about["snri"]), np.nan)
    rest = rest_of(library, model.slopes, x.flux, x.ivar, values, found, model.options)
    chi2 = rest.chi2 / np.maximum(found.pixels - model.options.polynomial - model.options.best, 1)
    spread = library.labels[found.best].std(axis=1)
    spread[~known] = np.nan
    flag = int(EngineFlag.AT_BOUNDARY) * _beyond(values, rest, library.labels, settings)
    if settings["poor_chi2"] is not None:
        flag |= int(EngineFlag.POOR_FIT) * (chi2 > settings["poor_chi2"])
    extra = {f"{label}_spread": spread[:, column] for column, label in enumerate(INFO.labels)}
    return Estimates(values, errors, chi2, flag, extra)


def _beyond(values: np.ndarray, rest: Rest, labels: np.ndarray, settings: Mapping) -> np.ndarray:
    """Whether the nearest spectra do not surround the target: bool [n].

    A weighted mean never leaves the hull of the five, so that a star beyond the library's edge is drawn inward (Du et
    al. 2024, section 3.1). What is left of its flux still says where it lies. ``labels`` are the library's.
    """
    lower, upper = np.quantile(labels, [settings["boundary_share"], 1 - settings["boundary_share"]], axis=0)
    values, margin = values + rest.step, settings["boundary_sigma"] * rest.error
    return ((values < lower - margin) | (values > upper + margin)).any(axis=1)


ENGINE = LaspmEngine()
