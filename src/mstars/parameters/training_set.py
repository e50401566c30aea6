"""Training sets of CNN-TLMA: m_catalog_v3 with APOGEE's labels, in folds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.core.randomness import rng
from mstars.core.snr import SNR, snr_max
from mstars.files.row_filter import RowFilter, table_hash
from mstars.parameters.folds import assign_folds
from mstars.quality.ranges import aspcap_kind
from mstars.quality.recommended import rv_flag
from mstars.sky.star_groups import star_groups

KEPT = ("spectrum_key", "batch", "row", "star_id", "rv", "snri", "ASPCAP_CLASS")


def tlma_training_set(
    m_catalog: pd.DataFrame,
    apogee: pd.DataFrame,
    spectra: pd.DataFrame,
    stars: pd.DataFrame,
    *,
    kind: str,
    settings: dict,
    rv_cut: str,
    radius_arcsec: float,
    seed: int,
) -> tuple[pd.DataFrame, dict]:
    """Label transfer: which spectra of a class CNN-TLMA learns from, with which labels, in which fold.

    A spectrum is left out, and counted under the first reason that applies, when it has no APOGEE star, no usable
    spectrum, S/N_max below the limit, no RV, rv_flag 0, a label that is missing (-9999 or not finite), an ASPCAP_CLASS
    whose d/g letter contradicts ``kind``, or a bit of ``settings['aspcapflag_reject']``.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, ra, dec, snru..snrz, obsdate, luminosity_class, rv (km/s).
    apogee : pandas.DataFrame
        The crossmatch: spectrum_key, apogee_id, SNR, TEFF, LOGG, M_H, ALPHA_M (and ``_ERR``), ASPCAP_CLASS, ASPCAPFLAG.
        allStar's repeats of one APOGEE_ID give one set of labels, of the row with the highest SNR.
    spectra : pandas.DataFrame
        What the stores hold: spectrum_key, batch, row.
    stars : pandas.DataFrame
        spectrum_key, star_id.
    kind : {"dM", "gM"}
    settings : dict
        The config section ``spmm``.
    rv_cut : str
        The last day with doubtful wavelengths (``quality.rv_cut``).
    radius_arcsec : float
        Spectra this near to each other are of one star (``crossmatch.radius_arcsec``).
    seed : int

    Returns
    -------
    table : pandas.DataFrame
        `KEPT`, the four labels with ``{label}_label_err`` (NaN where unknown), and fold; ordered by spectrum_key.
    summary : dict
        Hash, counts, and how many spectra were left out for which reason.

    Raises
    ------
    InputError
        Fewer stars (or spectra) than folds or than ``settings['min_labelled']``.
    """
    wanted = ["spectrum_key", "ra", "dec", *SNR, "obsdate", "rv"]
    pool = m_catalog.loc[m_catalog["luminosity_class"] == kind, wanted].reset_index(drop=True)
    kept = RowFilter(pool)
    kept.add("in a catalogue twice", pool.duplicated("spectrum_key"))
    pool = pool.merge(spectra[["spectrum_key", "batch", "row"]], on="spectrum_key", how="left")
    pool = pool.merge(stars[["spectrum_key", "star_id"]].drop_duplicates("spectrum_key"), on="spectrum_key", how="left")
    pool = pool.merge(_one_label_set(apogee), on="spectrum_key", how="left")
    kept.follow(pool)
    kept.add("no APOGEE star", pool["apogee_id"].isna())
    kept.add("no usable spectrum (rejected at ingest)", pool["row"].isna())
    kept.add(f"S/N_max below {settings['snr_min']}", ~(snr_max(pool) >= settings["snr_min"]))
    kept.add("no RV", ~np.isfinite(pool["rv"].to_numpy(dtype=float)))
    kept.add(f"rv_flag 0 (wavelengths before {rv_cut})", rv_flag(pool["rv"], pool["obsdate"], rv_cut) == 0)
    for label in LABELS:
        kept.add(f"{label} missing in APOGEE", ~np.isfinite(pool[label].to_numpy(dtype=float)))
    if settings["aspcap_class"] == "consistent":
        kept.add("ASPCAP_CLASS contradicts the class", aspcap_kind(pool) != kind)
    kept.add("rejected ASPCAPFLAG bit", _has_bits(pool["ASPCAPFLAG"], settings["aspcapflag_reject"]))
    pool = pool[kept.kept].sort_values("spectrum_key", kind="stable", ignore_index=True)
    pool["star_id"] = star_groups(pool, radius_arcsec)
    pool["fold"] = _folds(pool, kind, settings, seed)
    columns = [*KEPT, *LABELS, *(f"{label}_label_err" for label in LABELS), "fold"]
    table = pool.astype({"row": "int64", "fold": "int64"})[columns]
    summary = {
        "task": f"tlma_{kind}",
        "labels": list(LABELS),
        "spectra": len(table),
        "stars": int(table["star_id"].nunique()),
        "folds": np.bincount(table["fold"], minlength=settings["folds"]).tolist(),
        "excluded": kept.counts,
        "settings": settings,
        "hash": table_hash(table),
    }
    return table, summary


def _folds(pool: pd.DataFrame, kind: str, settings: dict, seed: int) -> np.ndarray:
    by_star = settings["split"] == "star"
    units = pool["star_id"].to_numpy(dtype=str) if by_star else pool["spectrum_key"].to_numpy(dtype=str)
    least = max(settings["folds"], settings["min_labelled"])
    count = len(np.unique(units))
    if count < least:
        what = "stars" if by_star else "spectra"
        raise InputError(
            f"training set tlma_{kind}: {count} labelled {what}, at least {least} are needed for {settings['folds']} "
            "folds (spmm.folds, spmm.min_labelled); give APOGEE labels (external.apogee) for more of them, "
            "or trained models (models.path)"
        )
    return assign_folds(units, settings["folds"], rng(seed, "folds", kind))


def _one_label_set(apogee: pd.DataFrame) -> pd.DataFrame:
    """Labels by spectrum: NaN for -9999, one row a spectrum, and one set of labels an APOGEE star (highest SNR)."""
    named = apogee["apogee_id"].astype("object").fillna("").astype(str).str.strip()
    table = apogee.assign(apogee_id=named)[named != ""]
    order = table.assign(SNR=_known(table["SNR"]).fillna(-1)).sort_values("SNR", ascending=False, kind="stable")
    best = order.drop_duplicates("apogee_id")
    result = order.drop_duplicates("spectrum_key")[["spectrum_key", "apogee_id"]]
    values = pd.DataFrame({"apogee_id": best["apogee_id"]})
    for label, column in APOGEE_COLUMNS.items():
        values[label] = _known(best[column])
        error = f"{column}_ERR"
        values[f"{label}_label_err"] = _known(best[error]) if error in best else np.nan
    for column in ("ASPCAP_CLASS", "ASPCAPFLAG"):
        values[column] = best[column]
    return result.merge(values, on="apogee_id", how="left")


def _known(column: pd.Series) -> pd.Series:
    values = pd.to_numeric(column, errors="coerce").astype(float)
    return values.where(values > -9998)


def _has_bits(column: pd.Series, bits: list[int]) -> np.ndarray:
    mask = sum(1 << bit for bit in bits)
    flags = pd.to_numeric(column, errors="coerce").fillna(0).to_numpy(dtype=float).astype(np.int64)
    return (flags & mask) != 0


def density_weights(labels: np.ndarray, power: float = 0.5, most: float = 5.0) -> np.ndarray:
    """Loss weights that lift rare [M/H] and [alpha/M]: density**-power in a 2D histogram, mean 1, at most ``most``.

    Parameters
    ----------
    labels : ndarray, [n, 2]
        [M/H] and [alpha/M], dex.
    power : float
        0 gives equal weights, 1 a flat distribution.
    most : float
        Ceiling before the mean is set to 1.

    Returns
    -------
    ndarray, [n]
    """
    bins = np.floor(np.asarray(labels, dtype=float) / np.array([0.2, 0.05])).astype(int)
    _, inverse, count = np.unique(bins, axis=0, return_inverse=True, return_counts=True)
    density = count[inverse.ravel()] / count.max()
    weight = np.minimum(density**-power, most)
    return weight / weight.mean()
