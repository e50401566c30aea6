"""Primary sample: stars in a band of the colour-magnitude diagram, without binaries and variables (section 2.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.sky.gaia_criteria import Criterion, excess_sigma, usual_excess

LEAST_IN_STEP = 5
"""Stars that a colour step needs to have a mean."""

AXES = {"M_G": "M_G_0", "BP_RP": "bp_rp_0"}

VARIABLE = "VARIABLE"
"""phot_variable_flag of a star that Gaia found to vary."""

GAIA_MARKS = {
    "phot_bp_rp_excess_factor": "excess_sigma",
    "phot_variable_flag": "variable",
    "non_single_star": "non_single",
}
"""Columns that a Gaia file need not have, and the key of the cut that needs them."""


@dataclass
class Band:
    """A band of the colour-magnitude diagram.

    Attributes
    ----------
    steps : pandas.DataFrame
        colour (mean of the step), mean, sigma (of M_G, mag), n.
    coefficients : ndarray
        Of the polynomial M_G((BP-RP)_0), highest degree first; empty where there are too few steps.
    width : float
        Half width, mag.
    """

    steps: pd.DataFrame
    coefficients: np.ndarray
    width: float

    def holds(self, colour: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
        """Whether stars lie in the band: bool [n]."""
        if not len(self.coefficients):
            return np.zeros(len(colour), bool)
        return np.abs(magnitude - np.polyval(self.coefficients, colour)) <= self.width


def fit_band(colour: np.ndarray, magnitude: np.ndarray, order: int, step: float, width: float | None) -> Band:
    """Means of M_G in steps of the colour, and the polynomial through them (Figures 1 and 2).

    Parameters
    ----------
    colour, magnitude : ndarray, [n]
        (BP-RP)_0 and M_G_0, mag.
    order : int
        Degree of the polynomial; lower where there are too few steps.
    step : float
        mag.
    width : float or None
        Half width of the band, mag; None: the mean of the steps' standard deviations.
    """
    table = pd.DataFrame({"step": np.floor(colour / step).astype(int), "colour": colour, "mean": magnitude})
    grouped = table.assign(sigma=magnitude, n=1).groupby("step")
    steps = grouped.agg({"colour": "mean", "mean": "mean", "sigma": "std", "n": "sum"})
    steps = steps[steps["n"] >= LEAST_IN_STEP].reset_index(drop=True)
    degree = min(order, len(steps) - 1)
    coefficients = np.polyfit(steps["colour"], steps["mean"], degree) if degree >= 0 else np.empty(0)
    return Band(steps, coefficients, float(steps["sigma"].mean()) if width is None else float(width))


def reasons_against(
    table: pd.DataFrame,
    settings: Mapping,
    kind: str,
    *,
    binaries: Collection[int] = (),
    variables: Collection[int] = (),
) -> tuple[pd.Series, Band]:
    """Why spectra of a class are not in the primary sample; an empty text where they are.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        spectrum_key, star_id, row (null: no usable spectrum), rv (km/s), snri, source_id, Gaia's flux over error, ruwe,
        bp_rp, phot_g_mean_mag, the columns of `GAIA_MARKS` (null: unknown, which is no reason), r_med_geo (pc),
        bp_rp_0, M_G_0.
    settings : mapping
        Section ``engines.laspm.golden.selection``.
    kind : {"dM", "gM"}
    binaries, variables : collection of int
        Gaia source_ids of local lists.

    Returns
    -------
    reason : pandas.Series of str, [n]
    band : Band
    """
    own = settings[kind]
    colour, magnitude = (table[name].to_numpy(dtype=float, na_value=np.nan) for name in ("bp_rp_0", "M_G_0"))
    source = table["source_id"].astype("Int64")
    reason = np.full(len(table), "", dtype=object)

    def leave_out(mask, why):
        reason[np.asarray(mask, dtype=bool) & (reason == "")] = why

    leave_out(table["row"].isna(), "no usable spectrum")
    leave_out(~np.isfinite(table["rv"].to_numpy(dtype=float)), "no velocity")
    leave_out(~(table["snri"].to_numpy(dtype=float) >= settings["snri_min"]), "S/N_i too low")
    leave_out(source.isna(), "no Gaia match")
    for why, mask in _gaia_reasons(table, settings).items():
        leave_out(mask, why)
    leave_out(source.isin(list(binaries)).fillna(False), "in a list of binaries")
    leave_out(source.isin(list(variables)).fillna(False), "in a list of variables")
    distance = table["r_med_geo"].to_numpy(dtype=float, na_value=np.nan)
    leave_out(~(distance < own["distance_pc"]), "too far away or no distance")
    leave_out(~np.isfinite(colour + magnitude), "no place in the colour-magnitude diagram")
    limited = magnitude if own["axis"] == "M_G" else colour
    leave_out((limited < own["range"][0]) | (limited > own["range"][1]), "outside the limits of the diagram")
    left = reason == ""
    band = fit_band(colour[left], magnitude[left], own["order"], settings["step"], settings["width"])
    leave_out(~band.holds(np.nan_to_num(colour), np.nan_to_num(magnitude)), "outside the band of the diagram")
    left = reason == ""
    best = table[left].sort_values(["snri", "spectrum_key"], ascending=[False, True], kind="stable")
    best = best.drop_duplicates("star_id")["spectrum_key"]
    leave_out(~table["spectrum_key"].isin(best), "another spectrum of the star is better")
    return pd.Series(reason, index=table.index), band


def _gaia_reasons(table: pd.DataFrame, settings: Mapping) -> dict[str, np.ndarray]:
    """Reason and mask of each cut by what Gaia says of a source."""
    found = {
        "poor Gaia photometry": ~_good_photometry(table, settings),
        "excess of BP and RP flux": _excess(table, settings["excess_sigma"]),
    }
    if settings["ruwe_max"] is not None:
        found["RUWE of a binary"] = ~Criterion("ruwe", "<", settings["ruwe_max"]).passes(table["ruwe"])
    if settings["non_single"]:
        found["binary of Gaia"] = table["non_single_star"].fillna(0).to_numpy(dtype=float) > 0
    if settings["variable"]:
        found["variable of Gaia"] = (table["phot_variable_flag"] == VARIABLE).to_numpy()
    return found


def _good_photometry(table: pd.DataFrame, settings: Mapping) -> np.ndarray:
    good = np.ones(len(table), bool)
    for letter, least in zip(("g", "bp", "rp"), settings["flux_over_error"], strict=True):
        name = f"phot_{letter}_mean_flux_over_error"
        good &= Criterion(name, ">", least).passes(table[name].to_numpy(dtype=float, na_value=np.nan))
    return good


def _excess(table: pd.DataFrame, sigma: float | None) -> np.ndarray:
    """Whose excess factor is off; a star without one is not."""
    if sigma is None:
        return np.zeros(len(table), bool)
    names = ("phot_bp_rp_excess_factor", "bp_rp", "phot_g_mean_mag")
    excess, colour, magnitude = (table[name].to_numpy(dtype=float, na_value=np.nan) for name in names)
    return np.abs(excess - usual_excess(colour)) > sigma * excess_sigma(magnitude)
