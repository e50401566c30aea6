"""Precision from repeated observations of the same stars, as a function of S/N."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from mstars.core.robust import MAD_STD_ERROR, mad_std

FLAG_OF = {"rv": "rv_flag", "teff": "parameter_flag", "logg": "parameter_flag", "m_h": "parameter_flag"}
FLAG_OF |= {"alpha_m": "parameter_flag"}
"""For each quantity the flag that must be 1."""

LEAST_PAIRS = 20
"""Pairs that a fit needs."""

_STARTS = ((0.5, 0.5), (0.1, 1.0), (1.0, 0.1))
"""Where the fit starts: shares of the typical scatter that a / (S/N) and b have."""

_FIRST = 5000
"""Pairs of the first fits. The last fit has all pairs."""


def repeat_pairs(catalog: pd.DataFrame, name: str) -> pd.DataFrame:
    """Independent pairs of spectra of a star: by S/N_i the first and the second, the third and the fourth, and so on.

    Parameters
    ----------
    catalog : pandas.DataFrame
        star_id, spectrum_key, luminosity_class, snr_i, ``name`` and its flag.
    name : str
        A key of `FLAG_OF`.

    Returns
    -------
    pandas.DataFrame, [pair]
        luminosity_class (of the first), snr_1, snr_2, difference (in the unit of the quantity).
    """
    rows = catalog[(catalog[FLAG_OF[name]] == 1) & (catalog["snr_i"] > 0) & catalog[name].notna()]
    rows = rows.sort_values(["star_id", "snr_i", "spectrum_key"], kind="stable")
    number = rows.groupby("star_id").cumcount()
    first, second = rows[number % 2 == 0], rows[number % 2 == 1]
    left = first.assign(pair=number[number % 2 == 0] // 2).set_index(["star_id", "pair"])
    right = second.assign(pair=number[number % 2 == 1] // 2).set_index(["star_id", "pair"])
    both = left.join(right, how="inner", suffixes=("_1", "_2"))
    difference = both[f"{name}_1"].astype(float) - both[f"{name}_2"].astype(float)
    table = {"luminosity_class": both["luminosity_class_1"], "snr_1": both["snr_i_1"], "snr_2": both["snr_i_2"]}
    return pd.DataFrame({**table, "difference": difference}).reset_index(drop=True)


def fit_precision(snr_1, snr_2, difference) -> dict[str, float]:
    """Fit sigma = a / (S/N) + b of a single spectrum to the differences of pairs.

    The variance of a difference is the sum of those of its two spectra. The fit is of maximum likelihood, for a normal
    distribution and a share of outliers (binaries, failures) that may lie anywhere. Errors are from the curvature.

    Parameters
    ----------
    snr_1, snr_2 : ndarray, [pair]
        S/N_i of the two spectra.
    difference : ndarray, [pair]
        In any unit.

    Returns
    -------
    dict
        a, a_err, b, b_err (in the unit of the difference), n, outliers (their share). All but n are NaN with fewer than
        `LEAST_PAIRS` pairs.
    """
    one, two, off = (np.asarray(values, dtype=float) for values in (snr_1, snr_2, difference))
    known = np.random.default_rng(0).permutation(np.flatnonzero(np.isfinite(off)))  # the first fits see a random part
    one, two, off = one[known], two[known], off[known]
    result = dict.fromkeys(("a", "a_err", "b", "b_err", "outliers"), np.nan) | {"n": len(off)}
    if len(off) < LEAST_PAIRS:
        return result
    scale = mad_std(off, 0.0) / np.sqrt(2) or 1.0
    typical, farthest = np.median(np.concatenate([one, two])), np.abs(off).max() or 1.0

    def cost(guess, one=one, two=two, off=off):
        a, b, share = np.abs(guess[0]) * scale * typical, np.abs(guess[1]) * scale, 0.5 / (1 + np.exp(-guess[2]))
        sigma = np.sqrt((a / one + b) ** 2 + (a / two + b) ** 2)
        core = (1 - share) / sigma * np.exp(-0.5 * (off / sigma) ** 2) / np.sqrt(2 * np.pi)
        return -np.log(np.maximum(core + share / (2 * farthest), 1e-300)).sum()

    part = (one[:_FIRST], two[:_FIRST], off[:_FIRST])
    options = {"xatol": 1e-4, "fatol": 1e-4}
    tries = [minimize(cost, [*start, -3.0], part, method="Nelder-Mead", options=options) for start in _STARTS]
    place = min(tries, key=lambda found: found.fun).x
    if len(off) > _FIRST:
        near = place + 0.03 * np.vstack([np.zeros(3), np.eye(3)])
        options = {"xatol": 1e-3, "fatol": 1e-2, "initial_simplex": near}
        place = minimize(cost, place, method="Nelder-Mead", options=options).x
    place[:2] = np.abs(place[:2])
    errors = _errors(lambda guess: cost([*guess, place[2]]), place[:2])
    a, b = place[:2] * (scale * typical, scale)
    result |= {"a": a, "a_err": errors[0] * scale * typical, "b": b, "b_err": errors[1] * scale}
    return result | {"outliers": 0.5 / (1 + np.exp(-place[2]))}


def _errors(cost, place: np.ndarray, step: float = 1e-2) -> np.ndarray:
    """Standard errors from the second differences of the cost; NaN where it isn't a minimum."""
    hessian = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            e_i, e_j = step * np.eye(2)[i], step * np.eye(2)[j]
            corners = cost(place + e_i + e_j) - cost(place + e_i - e_j) - cost(place - e_i + e_j)
            hessian[i, j] = (corners + cost(place - e_i - e_j)) / (4 * step**2)
    variance = np.linalg.pinv(hessian).diagonal()
    return np.sqrt(np.where(variance > 0, variance, np.nan))


def binned_scatter(table: pd.DataFrame, edges=(0, 5, 10, 20, 30, 50, 75, 100, 150, 300)) -> pd.DataFrame:
    """Robust standard deviation of one spectrum in intervals of the pairs' mean S/N.

    Parameters
    ----------
    table : pandas.DataFrame, [pair]
        From `repeat_pairs`.
    edges : sequence of float
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        snr (median), n (pairs), sigma and its error (in the unit of the difference); intervals of eight pairs or more.
    """
    snr = 2 / (1 / table["snr_1"] + 1 / table["snr_2"])
    rows = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        off = table["difference"][(snr >= low) & (snr < high)].to_numpy(float)
        off = off[np.isfinite(off)]
        if len(off) >= 8:
            sigma = mad_std(off, 0.0) / np.sqrt(2)
            inside = snr[(snr >= low) & (snr < high)]
            rows.append((float(inside.median()), len(off), sigma, MAD_STD_ERROR * sigma / np.sqrt(len(off))))
    return pd.DataFrame(rows, columns=["snr", "n", "sigma", "error"])


def precision_table(catalog: pd.DataFrame) -> pd.DataFrame:
    """`fit_precision` of every quantity and class.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue.

    Returns
    -------
    pandas.DataFrame
        quantity, kind (dM, gM), a, a_err, b, b_err, n, outliers.
    """
    rows = []
    for name in FLAG_OF:
        table = repeat_pairs(catalog, name)
        for kind in ("dM", "gM"):
            own = table[table["luminosity_class"] == kind]
            rows.append(
                {"quantity": name, "kind": kind, **fit_precision(own["snr_1"], own["snr_2"], own["difference"])}
            )
    return pd.DataFrame(rows)
