"""APOGEE's labels by spectrum, and which of them may be trained on (section 3.4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.labels import APOGEE_COLUMNS
from mstars.core.missing import without_missing
from mstars.sky.aspcap_class import aspcap_kind


def apogee_labels(apogee: pd.DataFrame) -> pd.DataFrame:
    """Labels of the crossmatch with APOGEE by spectrum.

    Parameters
    ----------
    apogee : pandas.DataFrame
        spectrum_key, apogee_id, SNR, TEFF, LOGG, M_H, ALPHA_M (and ``_ERR``), ASPCAP_CLASS, ASPCAPFLAG. -9999 is NaN.
        allStar's repeats of one APOGEE_ID give one set of labels, of the row with the highest SNR.

    Returns
    -------
    pandas.DataFrame
        One row a spectrum with an APOGEE star: spectrum_key, label_id (APOGEE_ID), the labels with
        ``{label}_label_err``, ASPCAP_CLASS, ASPCAPFLAG.
    """
    named = apogee["apogee_id"].astype("object").fillna("").astype(str).str.strip()
    table = apogee.assign(label_id=named)[named != ""]
    order = table.assign(SNR=_known(table["SNR"]).fillna(-1)).sort_values("SNR", ascending=False, kind="stable")
    best = order.drop_duplicates("label_id")
    result = order.drop_duplicates("spectrum_key")[["spectrum_key", "label_id"]]
    values = pd.DataFrame({"label_id": best["label_id"]})
    for label, column in APOGEE_COLUMNS.items():
        values[label] = _known(best[column])
        error = f"{column}_ERR"
        values[f"{label}_label_err"] = _known(best[error]) if error in best else np.nan
    for column in ("ASPCAP_CLASS", "ASPCAPFLAG"):
        values[column] = best[column]
    return result.merge(values, on="label_id", how="left")


def apogee_filter(pool: pd.DataFrame, kind: str, settings: Mapping) -> dict[str, np.ndarray]:
    """Which labelled spectra may not be trained on because of what APOGEE says of the star.

    The paper asks that ASPCAP_CLASS agrees with the class (section 3.4.4), and cuts on no bit of ASPCAPFLAG.

    Parameters
    ----------
    pool : pandas.DataFrame
        n rows: ASPCAP_CLASS, ASPCAPFLAG (a column that is missing rejects none).
    kind : {"dM", "gM"}
    settings : mapping
        aspcap_class (``consistent``: the d or g of ASPCAP_CLASS is that of ``kind``; ``any``) and aspcapflag_reject
        (numbers of bits of `mstars.core.flags.AspcapFlag`).

    Returns
    -------
    dict of str to ndarray of bool, [n]
        By reason: True where the spectrum is rejected.
    """
    found = {}
    if "ASPCAP_CLASS" in pool and settings["aspcap_class"] == "consistent":
        found["ASPCAP_CLASS contradicts the class"] = aspcap_kind(pool) != kind
    if "ASPCAPFLAG" in pool:
        found["rejected ASPCAPFLAG bit"] = _has_bits(pool["ASPCAPFLAG"], settings["aspcapflag_reject"])
    return found


def _known(column: pd.Series) -> pd.Series:
    return without_missing(pd.to_numeric(column, errors="coerce"))


def _has_bits(column: pd.Series, bits: Sequence[int]) -> np.ndarray:
    mask = sum(1 << bit for bit in bits)
    flags = pd.to_numeric(column, errors="coerce").fillna(0).to_numpy(dtype=float).astype(np.int64)
    return (flags & mask) != 0
