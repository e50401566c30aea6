"""SCM: which spectra of the M catalogue are not of M stars (section 3.4.1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.classes import REVIEW_LABELS
from mstars.core.snr import SNR, snr_max
from mstars.files.tables import beside

M_LIKE = ("K", "M")
"""A K prediction alone is no reason: late K and early M are alike (the paper's footnote 13)."""

SCORES = ("ood_score", "zro_score", "tio5", "tio5_err")
"""What `mstars.classify.outliers.score_batch` says of a spectrum."""

EVIDENCE = (
    *("spt_class", "spt_prob", "wdm_class", "wdm_prob", *SCORES),
    *("CMD_flag", "CMD_pos", "bp_rp_0", "M_G_0", "snri", "snr_max"),
)

NEEDED = {
    "m_catalog": ["spectrum_key", *SNR],
    "spt": ["spectrum_key", "spt_class", "spt_prob"],
    "wdm": ["spectrum_key", "wdm_class", "wdm_prob"],
    "photometry": ["spectrum_key", "CMD_flag", "CMD_pos", "bp_rp_0", "M_G_0"],
    "ood": ["spectrum_key", *SCORES],
}
"""Columns of each table that `scm_candidates` takes."""


def scm_candidates(
    m_catalog: pd.DataFrame,
    spt: pd.DataFrame,
    wdm: pd.DataFrame,
    photometry: pd.DataFrame,
    ood: pd.DataFrame | None = None,
    *,
    settings: dict,
) -> pd.DataFrame:
    """Candidates for non-M spectra: the union of the sets, with reasons, priority and consensus.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v0.
    spt, wdm : pandas.DataFrame
        Predictions of CNN-SPT and CNN-WDM. A spectrum without them (rejected at ingest) is no candidate.
    photometry : pandas.DataFrame
        spectrum_key, CMD_flag, CMD_pos, bp_rp_0, M_G_0.
    ood : pandas.DataFrame, optional
        spectrum_key, ood_score (how unlike M stars), zro_score (zirconium oxide, S stars), tio5 and tio5_err. Without
        it the candidates are the paper's.
    settings : dict
        The config section ``scm``: snr_min, spt_prob_min, votes_min, k_prediction (ignored, as in the paper, or
        candidate), ood.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, candidate_reasons (';'-joined, of spt: CNN-SPT says neither K nor M; wdm: CNN-WDM says WD; cmd:
        reliable photometry outside the regions; ood: unlike M stars; zro: zirconium oxide; unseen: CNN-SPT has no
        vote), priority (higher first), consensus_label, and the evidence.
    """
    table = scm_evidence(m_catalog, spt, wdm, photometry, ood)
    votes = _votes(table, settings)
    chosen = votes.any(axis=1)
    table, votes = (part[chosen].reset_index(drop=True) for part in (table, votes))
    table["candidate_reasons"] = join_reasons(votes)
    table["priority"] = votes.sum(axis=1) + np.where(votes["spt"], table["spt_prob"], 0.0)
    table["consensus_label"] = scm_consensus(table, settings)
    columns = ["spectrum_key", "candidate_reasons", "priority", "consensus_label", *EVIDENCE]
    return table[columns]


def scm_evidence(
    m_catalog: pd.DataFrame,
    spt: pd.DataFrame,
    wdm: pd.DataFrame,
    photometry: pd.DataFrame,
    ood: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """m_catalog_v0 joined with what speaks for and against an M star (section 3.4.1).

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        spectrum_key, S/N.
    spt, wdm : pandas.DataFrame
        spectrum_key and class and probability of CNN-SPT and CNN-WDM.
    photometry : pandas.DataFrame
        spectrum_key, CMD_flag, CMD_pos, bp_rp_0, M_G_0.
    ood : pandas.DataFrame, optional
        Of `mstars.classify.outliers.score_batch`; without: NaN.

    Returns
    -------
    pandas.DataFrame
        One row a spectrum with both predictions.
    """
    table = m_catalog[["spectrum_key", "snri"]].assign(snr_max=snr_max(m_catalog))
    table = table.merge(spt[NEEDED["spt"]], on="spectrum_key")
    table = table.merge(wdm[NEEDED["wdm"]], on="spectrum_key")
    if ood is None:
        table = table.assign(**dict.fromkeys(SCORES, np.nan))
    else:
        table = table.merge(ood[NEEDED["ood"]], on="spectrum_key", how="left")
    return table.merge(photometry[NEEDED["photometry"]], on="spectrum_key", how="left")


def _votes(table: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Which of the sets a spectrum is in."""
    return pd.DataFrame(
        {
            "spt": ~table["spt_class"].isin(["", *(M_LIKE if settings["k_prediction"] == "ignored" else ("M",))]),
            "wdm": table["wdm_class"] == "WD",
            "cmd": (table["CMD_flag"].fillna(0) == 1) & (table["CMD_pos"] == "other"),
            "ood": table["ood_score"] >= settings["ood"]["threshold"],
            "zro": (table["zro_score"] >= settings["ood"]["zro_sigma"]) & table["spt_class"].isin(M_LIKE),
            "unseen": table["spt_class"] == "",  # CNN-SPT has no vote: someone should look
        }
    )


def _deep_tio(table: pd.DataFrame, settings: dict) -> pd.Series:
    """Whether TiO5 is below ``ood.m_tio5`` beyond doubt, by two standard deviations."""
    return table["tio5"] + 2 * table["tio5_err"] < settings["ood"]["m_tio5"]


def join_reasons(votes: pd.DataFrame) -> np.ndarray:
    """Names of the true columns of each row.

    Parameters
    ----------
    votes : pandas.DataFrame of bool
        n rows.

    Returns
    -------
    ndarray of str (object), [n]
        ``;``-joined.
    """
    names = np.array(votes.columns)
    return np.array([";".join(names[row]) for row in votes.to_numpy(dtype=bool)], dtype=object)


def scm_consensus(table: pd.DataFrame, settings: dict) -> np.ndarray:
    """The label where no one has looked: M, or what it is instead.

    Rejected is what ``votes_min`` of {spt, wdm, cmd} reject, and what CNN-SPT rejects with a probability of at least
    ``spt_prob_min``. With ``ood.use: votes`` ood is a vote too, which alone rejects from ``ood.sure`` on, as zirconium
    oxide does; but not against bands of titanium oxide deeper than ``ood.m_tio5``, which no other kind of star or
    galaxy has: those are rare M stars, such as the coolest giants. Spectra with an S/N_max below ``snr_min`` are of no
    kind the networks have seen: for them the CMD alone counts, as one vote.

    Parameters
    ----------
    table : pandas.DataFrame
        `EVIDENCE` of each spectrum.
    settings : dict
        snr_min, spt_prob_min, votes_min, k_prediction, ood.

    Returns
    -------
    ndarray of str (object), [n]
        Review labels.
    """
    votes = _votes(table, settings)
    known = table["snr_max"] >= settings["snr_min"]
    counted = votes[["spt", "wdm", "cmd"]].copy()
    if settings["ood"]["use"] == "votes":
        counted["ood"] = votes["ood"] & ~_deep_tio(table, settings)
    counted.loc[~known, counted.columns != "cmd"] = False
    rejected = counted.sum(axis=1) >= settings["votes_min"]
    rejected |= counted["spt"] & (table["spt_prob"] >= settings["spt_prob_min"])
    if settings["ood"]["use"] == "votes":
        rejected |= counted["ood"] & (table["ood_score"] >= settings["ood"]["sure"])
    # CNN-WDM knows WD and M alone: a K that it takes for WD keeps the name K
    known_name = votes["spt"] | (votes["wdm"] & (table["spt_class"] == "K"))
    named = table["spt_class"].replace(REVIEW_LABELS).where(known_name, "unknown")
    # hot and faint, or hot and no one but CNN-WDM can say: a white dwarf
    faint = (table["CMD_flag"].fillna(0) == 1) & (table["M_G_0"] > 8.0) & (table["bp_rp_0"] < 1.5)
    dwarf = votes["wdm"] & (faint | (named == "unknown") | (table["spt_class"] == "WD"))
    label = named.where(~dwarf, "WD").where(rejected, "M")
    if settings["ood"]["use"] == "votes":
        label = label.where(rejected | ~(votes["zro"] & known), "S")
    return label.to_numpy(dtype=object)


def apply_scm(
    m_catalog: pd.DataFrame,
    spt: pd.DataFrame,
    wdm: pd.DataFrame,
    candidates: pd.DataFrame,
    decisions: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split m_catalog_v0 by the decisions.

    Parameters
    ----------
    m_catalog, spt, wdm
        As for `scm_candidates`.
    candidates : pandas.DataFrame
        Of `scm_candidates`.
    decisions : pandas.DataFrame
        spectrum_key, label, review_status of every candidate, and of what a person has decided besides.

    Returns
    -------
    m_catalog_v1, non_m_catalog_v1 : pandas.DataFrame
        Columns of m_catalog_v0, spt_class, spt_prob, wdm_class, wdm_prob, candidate_reasons, review_status ('' where
        nothing spoke against M), label; the second also ``reason``. Spectra without predictions (rejected at ingest)
        are in neither.
    """
    table = m_catalog[["spectrum_key"]].merge(spt[NEEDED["spt"]], on="spectrum_key")
    table = table.merge(wdm[NEEDED["wdm"]], on="spectrum_key")
    table = table.merge(candidates[["spectrum_key", "candidate_reasons"]], on="spectrum_key", how="left")
    table = table.merge(decisions[["spectrum_key", "label", "review_status"]], on="spectrum_key", how="left")
    defaults = {"candidate_reasons": "", "review_status": "", "label": "M"}
    table = table.fillna(defaults)
    is_m = (table["label"] == "M").to_numpy()
    non_m = beside(m_catalog, table[~is_m], "m_catalog_v0")
    non_m["reason"] = reason(non_m, "scm")
    return beside(m_catalog, table[is_m], "m_catalog_v0"), non_m


def reason(table: pd.DataFrame, stage: str) -> pd.Series:
    """Why a spectrum is in the non-M catalogue, for example ``scm: spt;cmd (provisional)``.

    Parameters
    ----------
    table : pandas.DataFrame
        n rows: candidate_reasons, review_status.
    stage : str

    Returns
    -------
    pandas.Series of str, [n]
    """
    return stage + ": " + table["candidate_reasons"].replace("", "review") + " (" + table["review_status"] + ")"
