"""Errors from repeats (Eqs. 8 and 9): a star's spectra differ by what each of them is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.parameters.precision import LEAST_PAIRS, fit_precision

FORMS = ("pairs", "paper")
_BIN = 10.0
_LEAST_IN_BIN = 8


def repeat_fit(values: np.ndarray, star: np.ndarray, snr: np.ndarray, form: str = "pairs") -> dict:
    """Fit Err_repeat = a / (S/N) + b (Eq. 9).

    Parameters
    ----------
    values : ndarray, [n]
        A label or a velocity; NaN where there is none.
    star : ndarray, [n]
        Names of stars.
    snr : ndarray, [n]
        S/N_i.
    form : {"pairs", "paper"}
        ``pairs``: of maximum likelihood on the differences of each star's spectra in order, outliers allowed.
        ``paper``: least squares on the standard deviation, in bins of S/N 10 wide, of the differences from the mean of
        stars with three spectra or more. The mean holds the spectrum itself; the deviation is widened for that.

    Returns
    -------
    dict
        a, b (in the unit of the values; NaN with too few repeats), n (differences), and bins: snr, sigma, n.
    """
    good = np.isfinite(values) & np.isfinite(snr) & (snr > 0)
    table = pd.DataFrame({"value": values[good], "star": np.asarray(star)[good], "snr": snr[good]})
    table = table.sort_values(["star", "snr"], kind="stable", ignore_index=True)
    bins = _bins(table)
    if form == "paper":
        a, b = _line(bins)
        return {"a": a, "b": b, "n": int(bins["n"].sum()), "bins": bins.to_dict("list")}
    same = (table["star"].shift(-1) == table["star"]).to_numpy()
    nexts = table.shift(-1)
    difference = (nexts["value"] - table["value"])[same].to_numpy()
    if len(difference) < LEAST_PAIRS:
        return {"a": np.nan, "b": np.nan, "n": len(difference), "bins": bins.to_dict("list")}
    found = fit_precision(table["snr"][same].to_numpy(), nexts["snr"][same].to_numpy(), difference)
    return {"a": float(found["a"]), "b": float(found["b"]), "n": int(found["n"]), "bins": bins.to_dict("list")}


def _bins(table: pd.DataFrame) -> pd.DataFrame:
    """Standard deviation of a single spectrum in bins of S/N, from stars with three spectra or more."""
    group = table.groupby("star")["value"]
    count = group.transform("size").to_numpy()
    off = (table["value"] - group.transform("mean")).to_numpy() * np.sqrt(count / np.maximum(count - 1, 1))
    many = table[count >= 3].assign(off=off[count >= 3])
    rows = []
    for number, own in many.groupby(np.floor(many["snr"] / _BIN).astype(int)):
        if len(own) >= _LEAST_IN_BIN:
            rows.append(((number + 0.5) * _BIN, float(np.sqrt(np.mean(own["off"] ** 2))), len(own)))
    return pd.DataFrame(rows, columns=["snr", "sigma", "n"])


def _line(bins: pd.DataFrame) -> tuple[float, float]:
    """a and b of Eq. 9 by least squares on the bins; NaN with fewer than two."""
    if len(bins) < 2:
        return np.nan, np.nan
    design = np.column_stack([1 / bins["snr"], np.ones(len(bins))])
    a, b = np.linalg.lstsq(design, bins["sigma"], rcond=None)[0]
    return float(a), float(b)


def total_error(fit_error: np.ndarray, snr: np.ndarray, repeats: dict) -> np.ndarray:
    """Eq. 8: the root of the summed squares of a / (S/N) + b and of the fit's error, [n].

    Without a fit of repeats it is the fit's error alone.
    """
    if not np.isfinite(repeats["a"]):
        return np.asarray(fit_error, dtype=float)
    of_repeats = np.maximum(repeats["a"] / np.maximum(snr, 1.0) + repeats["b"], 0)
    return np.hypot(of_repeats, fit_error)
