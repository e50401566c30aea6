"""Three experiments that tell which labels are measured and which come from how the networks were trained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from mstars.core.robust import mad_std
from mstars.engines.contract import EngineInput
from mstars.engines.csn.fit import Fit
from mstars.engines.csn.info import INFO
from mstars.engines.csn.labels import fit_spectra, labels_of
from mstars.engines.csn.latents import explained, latents
from mstars.engines.csn.passage import Passage
from mstars.engines.csn.population import SHIFT

EXPERIMENTS = {"split": ("all",), "zero_point": ("all", "shifted"), "gravity": ("all", "shuffled")}
"""Experiments, and the parts of the engine that each compares."""


def neighbours_in_snr(snr: np.ndarray, draws: np.random.Generator, width: int = 10) -> np.ndarray:
    """For each spectrum another one of like S/N: a random one of the nearest ``width`` to either side, [n]."""
    order = np.argsort(snr, kind="stable")
    n = len(order)
    step = draws.integers(1, min(width, n - 1) + 1, n) * draws.choice([-1, 1], n)
    place = np.arange(n) + step
    place = np.where((place < 0) | (place >= n), np.arange(n) - step, place)
    other = np.empty(n, int)
    other[order] = order[np.clip(place, 0, n - 1)]
    return other


@torch.no_grad()
def fitted(passage: Passage, x: EngineInput, settings: Mapping, wavelength, other: np.ndarray | None = None):
    """Labels of spectra, with their own split latents or with those of the spectra ``other``.

    Returns
    -------
    values, error, theory : ndarray, [n, 3] each
        K and dex; ``theory`` of the fits without transfer.
    """
    fit, chunk, parts = {**settings["fit"], "rv": "catalogue"}, settings["fit"]["chunk"], []
    flux, ivar = (torch.from_numpy(np.array(array)) for array in (x.flux, x.ivar))
    split = None if other is None else passage.encode(flux.to(passage.dtype))[1][torch.from_numpy(other)]
    for first in range(0, len(x), chunk):
        part = slice(first, first + chunk)
        own = None if split is None else split[part]
        fits = fit_spectra(passage, flux[part], ivar[part], fit, wavelength, own)
        parts.append([*_three(passage, fits.final), _three(passage, fits.theory)[0]])
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def _three(passage: Passage, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    values, error = labels_of(passage, fit)
    return values[:, :3], error


def split_experiment(
    passage: Passage, x: EngineInput, snr: np.ndarray, settings: Mapping, wavelength: np.ndarray, seed: int
) -> tuple[pd.DataFrame, dict]:
    """Does the split latent carry labels? Fits with the split latents of other stars of like S/N.

    Parameters
    ----------
    passage : Passage
    x : EngineInput
        n spectra that the networks have not seen.
    snr : ndarray, [n]
    settings : mapping
        ``engines.csn``.
    wavelength : ndarray, [pixel]
    seed : int

    Returns
    -------
    table : pandas.DataFrame
        For each label {label}_own, {label}_other and {label}_err.
    numbers : dict
        By label: moved (median of ``|other - own| / err``), sigma and bias of other - own, r2_split and
        r2_shared: how well a linear regression on either latent space gives the label of the fit without transfer.
    """
    draws = np.random.default_rng(seed)
    own, error, theory = fitted(passage, x, settings, wavelength)
    other, _, _ = fitted(passage, x, settings, wavelength, neighbours_in_snr(snr, draws))
    known = np.isfinite(own).all(axis=1) & np.isfinite(other).all(axis=1) & np.isfinite(theory).all(axis=1)
    table = _table({"own": own, "other": other, "err": error})
    shared, split = latents(passage, np.asarray(x.flux)[known])
    r2 = {name: explained(latent, theory[known], seed) for name, latent in (("split", split), ("shared", shared))}
    numbers: dict = {"n": int(known.sum())}
    for column, label in enumerate(INFO.labels):
        moved = (other - own)[known, column]
        numbers[label] = {
            "moved": float(np.median(np.abs(moved) / error[known, column])),
            "bias": float(np.median(moved)),
            "sigma": mad_std(moved),
            "r2_split": r2["split"][column],
            "r2_shared": r2["shared"][column],
        }
    return table, numbers


def pair_experiment(
    passages: Mapping[str, Passage],
    x: EngineInput,
    settings: Mapping,
    wavelength: np.ndarray,
    truth: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, dict]:
    """The same spectra by networks whose synthetic sets differ.

    Parameters
    ----------
    passages : mapping
        ``all`` and another of `mstars.engines.csn.population.VARIANTS`.
    x : EngineInput
        n spectra that no network has seen.
    settings, wavelength
        As for `split_experiment`.
    truth : pandas.DataFrame, optional
        teff, logg, m_h of the spectra.

    Returns
    -------
    table : pandas.DataFrame
        For each label {label}_own, {label}_other, {label}_err, and {label}_true where it is known.
    numbers : dict
        By label: bias and sigma of other - own, slope and correlation of other against own; of the correlations with
        Teff, own and other; with a truth the slope and sigma of either against it. Where the reference was
        shifted, ``teff_share``: the shift of Teff in units of the reference's.
    """
    (_, own_net), (name, other_net) = passages.items()
    own, error, _ = fitted(own_net, x, settings, wavelength)
    other, _, _ = fitted(other_net, x, settings, wavelength)
    known = np.isfinite(own).all(axis=1) & np.isfinite(other).all(axis=1)
    table = _table({"own": own, "other": other, "err": error})
    numbers: dict = {"n": int(known.sum()), "other": name}
    for column, label in enumerate(INFO.labels):
        one, two = own[known, column], other[known, column]
        numbers[label] = {
            "bias": float(np.median(two - one)),
            "sigma": mad_std(two - one),
            **_line(one, two, ""),
            "with_teff_own": _correlation(own[known, 0], one),
            "with_teff_other": _correlation(other[known, 0], two),
        }
        if truth is not None:
            table[f"{label}_true"] = truth[label].to_numpy(dtype=float)
            true = table.loc[known, f"{label}_true"].to_numpy()
            for who, found in (("own", one), ("other", two)):
                numbers[label] |= {f"sigma_true_{who}": mad_std(found - true)} | _line(true, found, f"_true_{who}")
    if name == "shifted":
        numbers["teff_share"] = numbers["teff"]["bias"] / SHIFT
    return table, numbers


def _table(columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame(
        {f"{label}_{name}": values[:, column]
         for column, label in enumerate(INFO.labels) for name, values in columns.items()}
    )  # fmt: skip


def _line(x: np.ndarray, y: np.ndarray, suffix: str) -> dict[str, float]:
    """Slope of y against x by the median of slopes between pairs, and their correlation."""
    from scipy.stats import theilslopes

    good = np.isfinite(x) & np.isfinite(y)
    if good.sum() < 3 or np.ptp(x[good]) == 0:
        return {f"slope{suffix}": float("nan"), f"correlation{suffix}": float("nan")}
    slope = float(theilslopes(y[good], x[good]).slope)
    return {f"slope{suffix}": slope, f"correlation{suffix}": _correlation(x[good], y[good])}


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(x, y).statistic) if len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0 else float("nan")
