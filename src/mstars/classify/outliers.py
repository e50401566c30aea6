"""Out of distribution: how unlike the M stars of the training set a spectrum is.

CNN-SPT must answer with one of its classes, and an S star, a late K star, an M star with a hot companion or one lit
by a lamp looks like M to it. Here the M stars themselves are modelled: their broad spectral shape, in bins, is a mean
and a few principal components (weighted by the noise, after Bailey 2012), with a floor for what these can't follow.
What is left over, as a reduced chi-square, is the score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from mstars.classify.flux_bins import FIRST, LAST, N_BIN, WIDTH, bin_spectra, read_features
from mstars.classify.zirconium import fit_steps, head_steps, zro_score
from mstars.core.config.classes import Ood
from mstars.core.errors import InputError
from mstars.core.robust import mad_std
from mstars.files.json_files import read_json, write_json
from mstars.files.stores import iter_batch, read_batch
from mstars.files.whole import atomic_path
from mstars.spectra.band_indices import band_indices
from mstars.spectra.container import SpectrumSet

FORMAT = "mstars-ood-1"

LEAST_FLOOR = 0.003
"""Least standard deviation of what the basis does not follow, a share of the mean flux."""


@dataclass
class OutlierModel:
    """Mean and principal components of M stars in bins.

    Attributes
    ----------
    basis : ndarray, [k, N_BIN]
        The mean spectrum first, then the components.
    floor : ndarray, [N_BIN]
        Standard deviation of what the basis does not follow, relative to the mean flux.
    typical : float
        The chi-square that a share ``quantile`` of the training stars stays below: the score's unit.
    quantile : float
    about : dict
    steps : (ndarray [head], ndarray [head, head]) or None
        Mean and covariance of the band-head steps of M stars; None where there were too few.
    """

    basis: np.ndarray
    floor: np.ndarray
    typical: float
    quantile: float
    about: dict
    steps: tuple[np.ndarray, np.ndarray] | None = None


def m_stars(training_set: pd.DataFrame, spt: pd.DataFrame, wdm: pd.DataFrame) -> pd.DataFrame:
    """Rows of CNN-SPT's training set that are labelled M and that both classifiers take for M (or K).

    Parameters
    ----------
    training_set : pandas.DataFrame
        spectrum_key, label.
    spt, wdm : pandas.DataFrame
        spectrum_key and spt_class, wdm_class.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        When there is no such spectrum.
    """
    m_like = set(spt.loc[spt["spt_class"].isin(["K", "M"]), "spectrum_key"])
    m_like &= set(wdm.loc[wdm["wdm_class"] == "M", "spectrum_key"])
    rows = training_set[(training_set["label"] == "M") & training_set["spectrum_key"].isin(m_like)]
    if rows.empty:
        raise InputError("scm.ood: the training set holds no spectrum that the classifiers take for M; set use: off")
    return rows.reset_index(drop=True)


def score_batch(model: OutlierModel, store: str | Path, keys: np.ndarray, chunk: int = 512) -> pd.DataFrame:
    """`score_spectra` for some spectra of a batch, in the store's order.

    Parameters
    ----------
    model : OutlierModel
    store : str or Path
    keys : ndarray of str
        spectrum_key of those wanted.
    chunk : int
        Spectra read at a time.

    Returns
    -------
    pandas.DataFrame
        Of `score_spectra`.
    """
    wanted = set(keys)
    parts = [score_spectra(model, read_batch(store, slice(0, 0)))]  # the columns, should there be none
    for spectra in iter_batch(store, chunk):
        parts.append(score_spectra(model, spectra.having(wanted)))
    return pd.concat(parts, ignore_index=True)


def score_spectra(model: OutlierModel, spectra: SpectrumSet) -> pd.DataFrame:
    """How unusual spectra are among M stars.

    TiO5 (Reid et al. 1995) is measured at the observed wavelengths: its bands are wide enough for any star's velocity.

    Parameters
    ----------
    model : OutlierModel
    spectra : SpectrumSet
        n spectra.

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, ood_score, zro_score, tio5, tio5_err.
    """
    zirconium = np.full(len(spectra), np.nan)
    if model.steps is not None:
        zirconium = zro_score(*model.steps, *head_steps(spectra))
    scores = {"ood_score": outlier_score(model, *bin_spectra(spectra)), "zro_score": zirconium}
    titanium = band_indices(spectra, np.zeros(len(spectra)), names=("tio5",))
    return pd.DataFrame({"spectrum_key": spectra.spectrum_key.astype(str), **scores}).join(
        titanium[["tio5", "tio5_err"]].astype(float)
    )


def fit_outlier_model(
    flux: np.ndarray,
    variance: np.ndarray,
    *,
    n_component: int = Ood.default("n_component"),
    quantile: float = Ood.default("quantile"),
    clip: float = 4.0,
    rounds: int = 5,
    about: dict | None = None,
) -> OutlierModel:
    """Fit the model to M stars, without those that stand out.

    Parameters
    ----------
    flux, variance : ndarray, [n, N_BIN]
        Of `bin_spectra`.
    n_component : int
        Components beside the mean.
    quantile : float
        Share of the stars with a score below 1.
    clip : float
        After each round, stars whose log chi-square lies further above the median than so many robust standard
        deviations take no part in the next.
    rounds : int
    about : dict, optional
        Kept in the model's file.

    Returns
    -------
    OutlierModel

    Raises
    ------
    InputError
        When there are fewer than ten stars a component.
    """
    usable = np.isfinite(variance).mean(axis=1) > 0.5
    flux, variance = flux[usable], variance[usable]
    if len(flux) < 10 * (n_component + 1):
        raise InputError(
            f"scm.ood: {len(flux)} M stars can't fix {n_component} components; "
            f"lower scm.ood.n_component, or set scm.ood.use: off"
        )
    floor = np.full(N_BIN, 0.02)
    kept = np.ones(len(flux), bool)
    basis = _start(flux, variance, n_component)
    for _ in range(rounds):
        weight = 1.0 / (variance[kept] + floor**2)
        basis = _principal_components(flux[kept], weight, basis)
        residual = flux - _coefficients(flux, 1.0 / (variance + floor**2), basis) @ basis
        floor = _floor(residual[kept], variance[kept])
        chi2 = _reduced_chi2(residual, 1.0 / (variance + floor**2), len(basis))
        log = np.log(chi2)
        kept = log < np.median(log[kept]) + clip * mad_std(log[kept])
    typical = float(np.quantile(chi2[kept], quantile))
    said = {**(about or {}), "n_stars": len(flux), "n_clipped": int((~kept).sum()), "n_component": n_component}
    return OutlierModel(basis, floor, typical, quantile, said)


def outlier_score(model: OutlierModel, flux: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Reduced chi-square against the M stars, in units of ``model.typical``: above 1 is unusual.

    Parameters
    ----------
    model : OutlierModel
    flux, variance : ndarray, [n, N_BIN]
        Of `bin_spectra`.

    Returns
    -------
    ndarray of float64, [n]
        NaN where fewer than half of the bins are known.
    """
    weight = 1.0 / (variance + model.floor**2)
    residual = flux - np.einsum("nk,kb->nb", _coefficients(flux, weight, model.basis), model.basis)
    chi2 = _reduced_chi2(residual, weight, len(model.basis))
    return np.where(np.isfinite(variance).mean(axis=1) > 0.5, chi2 / model.typical, np.nan)


def _start(flux: np.ndarray, variance: np.ndarray, n_component: int) -> np.ndarray:
    known = np.isfinite(variance)
    median = np.median(np.where(known, flux, 1.0), axis=0)
    filled = np.where(known, flux, median)
    difference = filled - median
    limit = 5 * np.median(np.abs(difference), axis=0)
    _, _, components = np.linalg.svd(np.clip(difference, -limit, limit), full_matrices=False)
    return np.vstack([median / np.linalg.norm(median), components[:n_component]])


def _coefficients(flux: np.ndarray, weight: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Weighted least squares of every row: [n, k]; by einsum, as BLAS's last digits depend on the other rows."""
    products = (basis[:, None, :] * basis[None, :, :]).reshape(-1, basis.shape[1])
    normal = np.einsum("nb,kb->nk", weight, products).reshape(len(flux), len(basis), len(basis))
    ridge = 1e-9 * np.trace(normal, axis1=1, axis2=2)[:, None, None] + 1e-12
    normal = normal + ridge * np.eye(len(basis))
    return np.linalg.solve(normal, np.einsum("nb,kb->nk", weight * flux, basis)[:, :, None])[:, :, 0]


def _principal_components(flux: np.ndarray, weight: np.ndarray, basis: np.ndarray, steps: int = 10) -> np.ndarray:
    """Expectation maximisation with weights: coefficients of all stars, then the basis in all bins."""
    for _ in range(steps):
        coefficients = _coefficients(flux, weight, basis)
        products = (coefficients[:, :, None] * coefficients[:, None, :]).reshape(len(flux), -1)
        normal = (weight.T @ products).reshape(N_BIN, len(basis), len(basis))
        normal = normal + 1e-9 * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(len(basis))
        basis = np.linalg.solve(normal, ((weight * flux).T @ coefficients)[:, :, None])[:, :, 0].T
        basis = np.linalg.svd(basis, full_matrices=False)[2]
    return basis


def _floor(residual: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """What the basis can't follow, from the better half of the spectra in each bin."""
    better = variance <= np.median(variance, axis=0)
    floor = np.empty(N_BIN)
    for k in range(N_BIN):
        good = better[:, k] & np.isfinite(variance[:, k])
        spread = mad_std(residual[good, k], 0.0) if good.any() else 0.0
        noise = np.median(variance[good, k]) if good.any() else 0.0
        floor[k] = np.sqrt(max(spread**2 - noise, LEAST_FLOOR**2))
    return floor


def _reduced_chi2(residual: np.ndarray, weight: np.ndarray, n_parameter: int) -> np.ndarray:
    freedom = np.maximum((weight > 0).sum(axis=1) - n_parameter, 1)
    return np.maximum((weight * residual**2).sum(axis=1) / freedom, 1e-12)


def fit_to_stores(
    rows: pd.DataFrame, stores: Mapping[str, str | Path], *, n_component: int, quantile: float, about: dict
) -> OutlierModel:
    """`fit_outlier_model` to stored spectra, with the steps at band heads by which S stars are told.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of `m_stars`, with batch and row.
    stores : mapping of str to path
        A store for each batch.
    n_component, quantile, about
        As for `fit_outlier_model`.

    Returns
    -------
    OutlierModel
        ``steps`` is None where too few stars tell them.
    """
    features = read_features(rows, stores)
    options = {"n_component": n_component, "quantile": quantile, "about": about}
    model = fit_outlier_model(features["flux"], features["variance"], **options)
    model.steps = fit_steps(features["steps"], features["step_variance"])
    return model


def save_outlier_model(model: OutlierModel, folder: str | Path) -> None:
    """Write ``basis.safetensors`` and, last, ``model.json``.

    Parameters
    ----------
    model : OutlierModel
    folder : str or Path
    """
    folder = Path(folder)
    arrays = {"basis": model.basis, "floor": model.floor}
    if model.steps is not None:
        arrays |= {"steps_mean": model.steps[0], "steps_covariance": model.steps[1]}
    content = save_arrays({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    with atomic_path(folder / "basis.safetensors") as temporary:
        temporary.write_bytes(content)
    description = {
        "format": FORMAT,
        "bins": {"first_angstrom": FIRST, "last_angstrom": LAST, "width_angstrom": WIDTH},
        "typical": model.typical,
        "quantile": model.quantile,
        "basis": {"file": "basis.safetensors", "sha256": hashlib.sha256(content).hexdigest()},
        "about": model.about,
    }
    write_json(description, folder / "model.json")


def load_outlier_model(folder: str | Path) -> OutlierModel:
    """Read the folder of `save_outlier_model`.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    OutlierModel

    Raises
    ------
    InputError
        When a file is missing or damaged, or of another format or other bins.
    """
    folder = Path(folder)
    description = read_json(folder / "model.json")
    bins = {"first_angstrom": FIRST, "last_angstrom": LAST, "width_angstrom": WIDTH}
    if not isinstance(description, dict) or description.get("format") != FORMAT or description.get("bins") != bins:
        raise InputError(f"{folder}/model.json: not a {FORMAT} model on this version's bins; fit it again")
    path = folder / "basis.safetensors"
    try:
        content = path.read_bytes()
        arrays = load_arrays(content)
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"{path}: not readable ({error}); fit the model again") from None
    if hashlib.sha256(content).hexdigest() != description["basis"]["sha256"]:
        raise InputError(f"{path}: damaged (its checksum is not model.json's); fit the model again")
    steps = (arrays["steps_mean"], arrays["steps_covariance"]) if "steps_mean" in arrays else None
    return OutlierModel(
        arrays["basis"], arrays["floor"], description["typical"], description["quantile"], description["about"], steps
    )
