"""DGCM: dwarfs and giants (section 3.4.2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.classify.scm import join_reasons, reason
from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.snr import SNR, snr_max
from mstars.files.tables import among, beside

CLASSES = LUMINOSITY_CLASSES
EVIDENCE = ("lamost_class", "dmgm_class", "dmgm_prob", "CMD_flag", "CMD_pos", "bp_rp_0", "M_G_0", "snri", "snr_max")

NEEDED = {
    "m_catalog": ["spectrum_key", "lamost_class", *SNR],
    "dmgm": ["spectrum_key", "dmgm_class", "dmgm_prob"],
    "photometry": ["spectrum_key", "CMD_flag", "CMD_pos", "bp_rp_0", "M_G_0"],
}
"""Columns of each table that `dgcm_candidates` takes."""


def dgcm_candidates(
    m_catalog: pd.DataFrame, dmgm: pd.DataFrame, photometry: pd.DataFrame, *, snr_min: float
) -> pd.DataFrame:
    """Candidates for giants: the union of LAMOST's, CNN-dMgM's and the CMD's.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v1, with ``lamost_class`` ('' where LAMOST gives none).
    dmgm : pandas.DataFrame
        Predictions of CNN-dMgM.
    photometry : pandas.DataFrame
        spectrum_key, CMD_flag, CMD_pos, bp_rp_0, M_G_0.
    snr_min : float
        The least S/N_max of CNN-dMgM's training set; below it the network has no vote in the consensus.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, candidate_reasons (';'-joined, of lamost, cnn, cmd: who says giant), priority (disagreements
        first), consensus_label, and the evidence.
    """
    table = dgcm_evidence(m_catalog, dmgm, photometry)
    votes = _votes(table)
    chosen = (votes == "gM").any(axis=1)
    table, votes = (part[chosen].reset_index(drop=True) for part in (table, votes))
    giant = votes == "gM"
    table["candidate_reasons"] = join_reasons(giant)
    disagree = giant.any(axis=1) & (votes == "dM").any(axis=1)
    table["priority"] = disagree.astype(float) + (1.0 - table["dmgm_prob"].fillna(0.5))
    table["consensus_label"] = dgcm_consensus(table, snr_min)
    columns = ["spectrum_key", "candidate_reasons", "priority", "consensus_label", *EVIDENCE]
    return table[columns]


def dgcm_evidence(m_catalog: pd.DataFrame, dmgm: pd.DataFrame, photometry: pd.DataFrame) -> pd.DataFrame:
    """m_catalog_v1 joined with what speaks for a dwarf or a giant (section 3.4.2).

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        spectrum_key, lamost_class, S/N.
    dmgm : pandas.DataFrame
        spectrum_key, dmgm_class, dmgm_prob.
    photometry : pandas.DataFrame
        spectrum_key, CMD_flag, CMD_pos, bp_rp_0, M_G_0.

    Returns
    -------
    pandas.DataFrame
        One row a row of the catalogue: those columns, snri and snr_max.
    """
    table = m_catalog[["spectrum_key", "lamost_class", "snri"]].assign(snr_max=snr_max(m_catalog))
    table = table.merge(dmgm[NEEDED["dmgm"]], on="spectrum_key", how="left")
    return table.merge(photometry[NEEDED["photometry"]], on="spectrum_key", how="left")


def _votes(table: pd.DataFrame) -> pd.DataFrame:
    """What each of the three says: dM, gM or '' (no vote)."""
    reliable = table["CMD_flag"].fillna(0) == 1
    said = {
        "lamost": table["lamost_class"],
        "cnn": table["dmgm_class"],
        "cmd": table["CMD_pos"].where(reliable, ""),
    }
    return pd.DataFrame({name: column.where(column.isin(CLASSES), "") for name, column in said.items()})


def dgcm_consensus(table: pd.DataFrame, snr_min: float) -> np.ndarray:
    """Majority of {LAMOST, CNN, CMD}, the CNN breaking ties; dM where no one says anything.

    Spectra with an S/N_max below ``snr_min`` are of no kind the CNN has seen: it has a vote only if no one else has.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: of `dgcm_evidence`.
    snr_min : float

    Returns
    -------
    ndarray of str (object), [n]
        dM or gM.
    """
    votes = _votes(table)
    unseen = ~(table["snr_max"] >= snr_min) & (votes[["lamost", "cmd"]] != "").any(axis=1)
    votes["cnn"] = votes["cnn"].where(~unseen, "")
    balance = (votes == "gM").sum(axis=1) - (votes == "dM").sum(axis=1)
    # a tie is 0 votes each way, or one each way: then the CNN's own, if it has one
    balance = balance + 0.5 * ((votes["cnn"] == "gM").astype(float) - (votes["cnn"] == "dM").astype(float))
    return np.where(balance > 0, "gM", "dM").astype(object)


def apply_dgcm(
    m_catalog: pd.DataFrame, dmgm: pd.DataFrame, candidates: pd.DataFrame, decisions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split m_catalog_v1 by the decisions and give each M star its luminosity class.

    Parameters
    ----------
    m_catalog, dmgm
        As for `dgcm_candidates`.
    candidates : pandas.DataFrame
        Of `dgcm_candidates`.
    decisions : pandas.DataFrame
        spectrum_key, label, review_status of every candidate, and of what a person has decided besides.

    Returns
    -------
    m_catalog_v2, non_m_catalog_v2 : pandas.DataFrame
        Columns of m_catalog_v1, dmgm_class, dmgm_prob, dgcm_reasons, dgcm_status, luminosity_class (spectra that are
        no candidate are dM). A label that is neither dM, gM nor M goes to the second, with ``reason``; it holds what
        DGCM alone has found.
    """
    table = m_catalog[["spectrum_key"]].merge(dmgm[NEEDED["dmgm"]], on="spectrum_key", how="left")
    said = candidates[["spectrum_key", "candidate_reasons", "consensus_label"]]
    table = table.merge(said.rename(columns={"candidate_reasons": "dgcm_reasons"}), on="spectrum_key", how="left")
    given = decisions[["spectrum_key", "label", "review_status"]]
    given = given.rename(columns={"label": "dgcm_label", "review_status": "dgcm_status"})
    table = table.merge(given, on="spectrum_key", how="left")
    table = table.fillna({"dgcm_reasons": "", "dgcm_status": "", "dgcm_label": "dM", "consensus_label": "dM"})
    # a reviewer who only says M leaves the luminosity class to the consensus
    undecided = table["dgcm_label"] == "M"
    table["dgcm_label"] = table["dgcm_label"].where(~undecided, table["consensus_label"])
    table["luminosity_class"] = table["dgcm_label"].where(table["dgcm_label"].isin(CLASSES), "")
    is_m = (table["luminosity_class"] != "").to_numpy()
    non_m = beside(m_catalog, table[~is_m].drop(columns=["luminosity_class", "consensus_label"]), "m_catalog_v1")
    shown = non_m.assign(candidate_reasons=non_m["dgcm_reasons"], review_status=non_m["dgcm_status"])
    non_m["label"], non_m["reason"] = non_m["dgcm_label"], reason(shown, "dgcm")
    non_m["review_status"] = non_m["dgcm_status"]
    table = beside(m_catalog, table[is_m].drop(columns=["dgcm_label", "consensus_label"]), "m_catalog_v1")
    return table, non_m.drop(columns="dgcm_label")


def with_random_check(decisions: pd.DataFrame, checked: pd.DataFrame) -> pd.DataFrame:
    """Decisions of the candidates, and below them what people said of other spectra in the random check.

    Parameters
    ----------
    decisions, checked : pandas.DataFrame
        Resolved decisions of the queues dgcm and random: spectrum_key, label, review_status. A row of the random check
        counts where a person has looked and the queue dgcm has none of the spectrum.
    """
    by_people = checked["review_status"] == "reviewed"
    new = checked[by_people & ~among(checked["spectrum_key"], decisions["spectrum_key"])]
    return pd.concat([decisions, new], ignore_index=True)
