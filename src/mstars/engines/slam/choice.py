"""The hyper-parameters of a training set and its cross-validation, found once for all parts, and their folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from mstars.core.errors import InputError
from mstars.engines.contract import EngineInput
from mstars.engines.slam.covariance import Covariance, label_floor, residual_covariance
from mstars.engines.slam.errors import chi2_limits, fit_curve
from mstars.engines.slam.fit import Fitter
from mstars.engines.slam.forward import ForwardModel, Scaling, scaling_of
from mstars.engines.slam.outliers import outlying
from mstars.engines.slam.search import Sample, Search, search
from mstars.engines.slam.shrinkage import Shrinkage, find_shrinkage
from mstars.engines.slam.svr import Options
from mstars.files.json_files import read_json, write_json
from mstars.files.tables import write_table
from mstars.files.whole import atomic_path
from mstars.parameters.calibration import LABELS_MOST, quoted_errors, without_label_errors

FORMAT = "mstars-slam-search-6"
_ARRAYS = ("tried", "chosen", "cv_mse", "intrinsic")


@dataclass
class Choice:
    """What training needs of a search.

    Attributes
    ----------
    found : Search
        Variances are of fluxes scaled with ``flux_scale``.
    flux_scale : ndarray of float32, [pixel]
    curves : ndarray of float64, [k, 3]
        a, b and c of the error curve of each label: `mstars.engines.slam.errors.fit_curve`.
    covariance : Covariance or None
        Of the residuals, where ``model_error`` asks for it.
    without : list of Covariance
        For each part of the cross-validation, that of the residuals of the other parts' stars.
    shrinkage : Shrinkage or None
        Of fitted labels, where it is corrected.
    chi2_limits : ndarray of float64, [2, node]
        Of `mstars.engines.slam.errors.chi2_limits`.
    stars : pandas.DataFrame
        A row a spectrum: spectrum_key, star_id, snri, chi2 (per degree of freedom) and for each label ``_true``,
        ``_cv`` (by a model of the cross-validation that has not seen the star) and ``_cv_formal``.
    """

    found: Search
    flux_scale: np.ndarray
    curves: np.ndarray
    covariance: Covariance | None
    without: list[Covariance]
    shrinkage: Shrinkage | None
    chi2_limits: np.ndarray
    stars: pd.DataFrame

    def for_others(self, parts: np.ndarray) -> Choice:
        """The same for a model of other stars than those of some parts of the cross-validation.

        A star's own residuals shape the modes of all stars: with these its fit is too good.

        Parameters
        ----------
        parts : ndarray of int
            Of the stars left out: one part, or none.
        """
        if self.covariance is None or len(left_out := np.unique(parts)) == 0:
            return self
        own = self.without[int(left_out[0])]
        return replace(self, covariance=replace(own, floor=self.covariance.floor))

    def rescaled(self, scaling: Scaling) -> Choice:
        """The same with variances of fluxes that are scaled otherwise."""
        factor = self.flux_scale.astype(float) / scaling.flux_scale
        changed = {name: getattr(self.found, name) * np.square(factor) for name in ("cv_mse", "intrinsic")}
        covariance = self.covariance and self.covariance.scaled(factor)
        found = replace(self.found, **changed)
        return replace(self, found=found, flux_scale=scaling.flux_scale, covariance=covariance)


def fit_options(settings: Mapping) -> dict:
    """What the engine's settings say of `mstars.engines.slam.fit.Fitter`."""
    return {
        "soft": settings["loss"] == "soft_l1",
        "drop_noisy": settings["drop_noisy"],
        "outliers": settings["outliers"],
    }


def label_box(labels: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits of fitted labels: those of the training stars, widened by a share of their range."""
    lower, upper = labels.min(axis=0), labels.max(axis=0)
    return lower - share * (upper - lower), upper + share * (upper - lower)


def cv_groups(table: pd.DataFrame, parts: int) -> np.ndarray:
    """Part of the cross-validation of each spectrum, [n]: the folds taken together; stars stay whole."""
    groups = table["fold"].to_numpy(dtype=int) % parts
    if len(np.unique(groups)) < 2:
        groups = np.unique(table["star_id"].to_numpy(dtype=str), return_inverse=True)[1] % parts
    return np.unique(groups, return_inverse=True)[1]


def model_variance(found: Search, settings: Mapping, training_mse: np.ndarray) -> np.ndarray:
    """Variance of the model in Eq. 3, of scaled fluxes, [pixel]: where pixels have nothing to do with each other."""
    by_name = {"cv_mse": found.cv_mse, "cv_minus_noise": found.intrinsic, "training_mse_squared": training_mse**2}
    return by_name[settings["model_error"]]


def held_out(sample: Sample, models: Sequence[ForwardModel]) -> np.ndarray:
    """Residuals of each star about the model that has not seen it, float32 [n, pixel]; 0 where not used."""
    residual = np.zeros_like(sample.flux)
    for number, model in enumerate(models):
        rows = sample.fold == number
        residual[rows] = sample.flux[rows] - model.scaled(sample.labels[rows])
    return np.where(sample.used, residual, 0)


def _covariance(sample, residual, rows, found, settings) -> Covariance:
    return residual_covariance(
        residual[rows], sample.variance[rows], sample.used[rows], found.intrinsic, settings["modes"]
    )


def make_choice(
    x: EngineInput, table: pd.DataFrame, settings: Mapping, *, checkpoint: Path | None = None, key: str = ""
) -> Choice:
    """Search the hyper-parameters, and fit each star with a model that has not seen it.

    Parameters
    ----------
    x : EngineInput
        Inputs of all rows of ``table``.
    table : pandas.DataFrame
        The training set.
    settings : mapping
        The engine's.
    checkpoint : Path, optional
        See `mstars.engines.slam.search.search`.
    key : str
        What the checkpoint must be of: the training set's hash and the settings.

    Returns
    -------
    Choice
    """
    names = list(settings["labels"])
    labels, flux, ivar = table[names].to_numpy(dtype=float), np.asarray(x.flux), np.asarray(x.ivar)
    groups = cv_groups(table, settings["hyper"]["cv"])
    scaling = scaling_of(labels, flux, ivar > 0)
    sample = Sample.of(scaling, labels, flux, ivar, groups, settings["weights"])
    found, models = search(sample, scaling, settings, checkpoint=checkpoint, key=key)
    stars = table[["spectrum_key", "star_id", "snri"]].reset_index(drop=True)
    lower, upper = label_box(labels, settings["box"])
    value, error, chi2 = np.full(labels.shape, np.nan), np.full(labels.shape, np.nan), np.full(len(labels), np.nan)
    shared = settings["model_error"] == "covariance"
    residual, without = held_out(sample, models) if shared else None, []
    if shared and settings["outliers"]:
        pull = residual / np.sqrt(sample.variance + found.intrinsic.astype(np.float32))
        sample = replace(sample, used=sample.used & ~outlying(pull, settings["outliers"]))
    for number, model in enumerate(models):
        rows, inside = np.flatnonzero(groups == number), groups != number
        if shared:
            covariance = _covariance(sample, residual, inside, found, settings)
            without.append(covariance)
        else:
            training = np.square(model.scaled(sample.labels[inside]) - sample.flux[inside]).mean(
                axis=0, where=sample.used[inside]
            )
            covariance = model_variance(found, settings, np.nan_to_num(training, nan=1.0))
        fitted = Fitter(model, covariance, lower, upper, **fit_options(settings)).fit(flux[rows], ivar[rows])
        value[rows], error[rows], chi2[rows] = fitted.labels, fitted.error, fitted.reduced
    covariance, shrinkage, quoted = None, None, _quoted(table, names)
    if settings["shrinkage"] == "corrected":
        trained_on = len(labels) * (1 - 1 / len(models))
        floor = label_floor(value - labels, error)
        shrinkage = find_shrinkage(value, labels, error, floor, LABELS_MOST * quoted, trained_on)
        value, error = shrinkage.corrected(value, error)
    if shared:
        floor = without_label_errors(label_floor(value - labels, error), quoted)
        error = np.hypot(error, floor)
        covariance = replace(_covariance(sample, residual, slice(None), found, settings), floor=floor)
    curves, limits = _add_fits(stars, names, labels, value, error, chi2)
    return Choice(found, scaling.flux_scale, curves, covariance, without, shrinkage, limits, stars)


def _quoted(table: pd.DataFrame, names) -> np.ndarray:
    """Median of the quoted errors of each label; 0 where there are none."""
    columns = (table.get(f"{name}_label_err", pd.Series([np.nan])).to_numpy(dtype=float) for name in names)
    return np.array([np.median(quoted_errors(column)) for column in columns])


def _add_fits(stars: pd.DataFrame, names, labels, value, error, chi2) -> tuple[np.ndarray, np.ndarray]:
    """Add labels, fits, errors and chi2 to a table; the curves of the errors, and the limits of chi2."""
    snr, curves = stars["snri"].to_numpy(dtype=float), []
    for column, label in enumerate(names):
        stars[f"{label}_true"], stars[f"{label}_cv"] = labels[:, column], value[:, column]
        stars[f"{label}_cv_formal"] = error[:, column]
        curves.append(fit_curve(snr, value[:, column] - labels[:, column]))
    stars["chi2"] = chi2
    return np.array(curves), chi2_limits(snr, chi2)


def save_choice(choice: Choice, folder: Path, about: Mapping) -> None:
    """Write a search folder, ``search.json`` last.

    Parameters
    ----------
    choice : Choice
    folder : Path
        Gets search.safetensors, triples.csv (what each triple is worth and how many pixels took it), cv.parquet and
        search.json.
    about : mapping
        What the search is of, in JSON types: ``training_set`` (hash), ``grid`` and the settings that decide it.
    """
    found = choice.found
    arrays = {name: np.ascontiguousarray(getattr(found, name)) for name in _ARRAYS}
    arrays |= {"flux_scale": choice.flux_scale, "curves": choice.curves, "chi2_limits": choice.chi2_limits}
    if choice.covariance is not None:
        arrays |= {f"shared_{name}": values for name, values in choice.covariance.arrays.items()}
    for number, one in enumerate(choice.without):
        arrays |= {f"without{number}_{name}": values for name, values in one.arrays.items()}
    if choice.shrinkage is not None:
        arrays |= {f"shrinkage_{name}": values for name, values in choice.shrinkage.arrays.items()}
    content = save_arrays(arrays)
    with atomic_path(folder / "search.safetensors") as temporary:
        temporary.write_bytes(content)
    with atomic_path(folder / "triples.csv") as temporary:
        triples_table(found).to_csv(temporary, index=False, float_format="%.6g")
    write_table(choice.stars, folder / "cv.parquet")
    description = {
        "format": FORMAT,
        "sha256": hashlib.sha256(content).hexdigest(),
        "triples": [asdict(one) for one in found.triples],
        "finalists": list(found.finalists),
        "about": dict(about),
    }
    write_json(description, folder / "search.json")


def load_choice(folder: Path, about: Mapping) -> Choice:
    """Read a search folder.

    Parameters
    ----------
    folder : Path
    about : mapping
        What it must be of: as for `save_choice`.

    Raises
    ------
    InputError
        A file is missing or damaged, or the search is of another training set, grid or setting.
    """
    said = read_json(folder / "search.json")
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise InputError(f"{folder}/search.json: not a search of this version; delete it and run the rule slam_search")
    for name, expected in about.items():
        if said["about"].get(name) != expected:
            raise InputError(
                f"{folder}/search.json: {name} is another one's; delete the folder and run the rule slam_search"
            )
    path = folder / "search.safetensors"
    try:
        content = path.read_bytes()
    except OSError:
        raise InputError(f"{path}: missing; run the rule slam_search") from None
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise InputError(f"{path}: damaged (its checksum is not search.json's); run the rule slam_search")
    arrays = load_arrays(content)
    triples = [Options(**one) for one in said["triples"]]
    found = Search(triples, finalists=list(said["finalists"]), **{name: arrays[name] for name in _ARRAYS})
    shared, shrinkage = with_prefix(arrays, "shared_"), with_prefix(arrays, "shrinkage_")
    without: list[Covariance] = []
    while own := with_prefix(arrays, f"without{len(without)}_"):
        without.append(Covariance.from_arrays(own))
    return Choice(
        found,
        arrays["flux_scale"],
        arrays["curves"],
        Covariance.from_arrays(shared) if shared else None,
        without,
        Shrinkage.from_arrays(shrinkage) if shrinkage else None,
        arrays["chi2_limits"],
        pd.DataFrame(),
    )


def with_prefix(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): one for name, one in arrays.items() if name.startswith(prefix)}


def triples_table(found: Search) -> pd.DataFrame:
    """What each triple is worth.

    C, epsilon, gamma; cv_mse, the mean over the tried pixels; best, the share of these where it is the best of all;
    finalist; pixels, how many took it.
    """
    table = pd.DataFrame([asdict(one) for one in found.triples])
    best = np.argmin(found.tried, axis=0)
    numbers = np.arange(len(table))
    return table.assign(
        cv_mse=found.tried.mean(axis=1),
        best=[float((best == number).mean()) for number in numbers],
        finalist=np.isin(numbers, found.finalists),
        pixels=np.bincount(found.chosen, minlength=len(table)),
    )
