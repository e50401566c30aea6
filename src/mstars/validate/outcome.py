"""What became of every candidate of a simulated survey: one table with truth, input and result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from astropy.table import Table

from mstars.core.labels import LABELS

STATES = ("recommended", "non_m", "rejected", "lost")


def candidate_outcomes(
    truth: pd.DataFrame,
    *,
    m_catalog: pd.DataFrame,
    non_m: pd.DataFrame,
    rejected: pd.DataFrame,
    quality: pd.DataFrame,
    parameters: pd.DataFrame,
    velocities: pd.DataFrame,
    lamost: pd.DataFrame,
) -> pd.DataFrame:
    """One row a candidate of the simulated survey.

    Parameters
    ----------
    truth : pandas.DataFrame
        spectrum_key, role, true_class, true_rv_lamost (km/s, on the zero point of the written spectra), true_teff (K),
        true_logg, true_m_h, true_alpha_m, star_id_true, planted_dmgm, planted_rv, snri, lamost_class, lamost_rv.
    m_catalog : pandas.DataFrame
        What is recommended: spectrum_key, luminosity_class, rv, rv_err, rv_from, rv_paper, rv_paper_err.
    non_m, rejected : pandas.DataFrame
        spectrum_key of removed and of unusable spectra.
    quality, parameters : pandas.DataFrame
        rv_flag, parameter_flag; the labels with ``_err``, ``_calib_err`` and ``_oof``.
    velocities : pandas.DataFrame
        rv_tm, rv_tm_err, rv_dsal1, rv_dsal2.
    lamost : pandas.DataFrame
        spectrum_key and lamost_teff, lamost_logg, lamost_m_h where LAMOST's catalogue has them.

    Returns
    -------
    pandas.DataFrame
        The truth with state (`STATES`), out_class, rv, rv_err, rv_from, flags, parameters, velocities.
    """
    table = truth[truth["role"] == "candidate"].reset_index(drop=True)
    keys = table["spectrum_key"]
    table["state"] = np.select(
        [keys.isin(m_catalog["spectrum_key"]), keys.isin(non_m["spectrum_key"]), keys.isin(rejected["spectrum_key"])],
        STATES[:3],
        STATES[3],
    )
    wanted = ["spectrum_key", "luminosity_class", "rv", "rv_err", "rv_from", "rv_paper", "rv_paper_err"]
    table = _add(table, m_catalog[wanted].rename(columns={"luminosity_class": "out_class"}))
    table = _add(table, quality[["spectrum_key", "rv_flag", "parameter_flag"]])
    table = _add(table, parameters[["spectrum_key", *_columns(parameters), "flag"]])
    table = _add(table, velocities[["spectrum_key", "rv_tm", "rv_tm_err", "rv_dsal1", "rv_dsal2"]])
    table = _add(table, lamost)
    table["out_class"] = table["out_class"].fillna("")
    for flag in ("rv_flag", "parameter_flag", "flag"):
        table[flag] = table[flag].fillna(0).astype(int)
    return table


def engine_outcomes(
    truth: pd.DataFrame, m_catalog: pd.DataFrame, flags: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """One row a candidate of the simulated survey, with the parameters of one engine.

    Parameters
    ----------
    truth, m_catalog, parameters : pandas.DataFrame
        As for `candidate_outcomes`.
    flags : pandas.DataFrame
        spectrum_key and parameter_flag of the engine.

    Returns
    -------
    pandas.DataFrame
        The truth with state (recommended where m_catalog has the spectrum, else empty), out_class, parameter_flag and
        the parameters.
    """
    table = truth[truth["role"] == "candidate"].reset_index(drop=True)
    table["state"] = np.where(table["spectrum_key"].isin(m_catalog["spectrum_key"]), STATES[0], "")
    classes = m_catalog[["spectrum_key", "luminosity_class"]].rename(columns={"luminosity_class": "out_class"})
    table = _add(table, classes)
    table = _add(table, flags[["spectrum_key", "parameter_flag"]])
    table = _add(table, parameters[["spectrum_key", *_columns(parameters), "flag"]])
    table["out_class"] = table["out_class"].fillna("")
    table["parameter_flag"] = table["parameter_flag"].fillna(0).astype(int)
    return table


def _columns(parameters: pd.DataFrame) -> list[str]:
    wanted = [f"{label}{end}" for label in LABELS for end in ("", "_err", "_calib_err", "_oof")]
    return [name for name in wanted if name in parameters]


def _add(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    return table.merge(other.drop_duplicates("spectrum_key"), on="spectrum_key", how="left", validate="1:1")


def input_outcomes(table: pd.DataFrame) -> pd.DataFrame:
    """The same survey when nothing is done: LAMOST's classes, velocities and parameters, all recommended.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        From `candidate_outcomes`.

    Returns
    -------
    pandas.DataFrame, [n]
        The same columns.
    """
    twin = table.copy()
    twin["state"] = "recommended"
    twin["out_class"] = np.where(twin["lamost_class"] == "sdM", "dM", twin["lamost_class"])
    twin["rv"], twin["rv_from"], twin["rv_err"] = twin["lamost_rv"], "LAMOST", np.nan
    twin["rv_paper"], twin["rv_paper_err"] = twin["rv"], np.nan
    twin["rv_flag"] = np.isfinite(twin["rv"]).astype(int)
    twin["rv_tm"] = twin["rv_tm_err"] = twin["rv_dsal1"] = twin["rv_dsal2"] = np.nan
    for label in LABELS:
        lamost = f"lamost_{label}"
        twin[label] = twin[lamost] if lamost in twin else np.nan
        for end in ("_err", "_calib_err", "_oof"):
            twin[f"{label}{end}"] = np.nan
    twin["flag"], twin["parameter_flag"] = 0, 1
    return twin


def lamost_labels(plan: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """The parameters of LAMOST's catalogue of M stars by spectrum.

    Parameters
    ----------
    plan : pandas.DataFrame
        spectrum_key, obsid.
    path : path
        The catalogue (FITS): obsid, and those of `mstars.core.labels.LABELS` that it has.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, lamost_{label}.
    """
    table = Table.read(path)
    names = [name for name in LABELS if name in table.colnames]
    found = table[["obsid", *names]].to_pandas().rename(columns={name: f"lamost_{name}" for name in names})
    return plan.merge(found, on="obsid").drop(columns="obsid")
