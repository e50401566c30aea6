"""How many of the spectra taken as dM without a look are not of M stars, from the random check (footnote 13)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.review.decisions import read_decisions, resolve

STRATUM_LIMITS = (-np.inf, 10.0, 20.0, 50.0, np.inf)
STRATUM_NAMES = ("<10", "10-20", "20-50", ">50")
"""Limits and names of the strata by S/N_i. Most spectra that no one looks at are faint."""

QUEUED = "candidates of SCM"
"""Stratum of the candidates of SCM that the consensus left M: no person has looked at them either."""

STRATA = (*STRATUM_NAMES, QUEUED)
M_LABELS = (*LUMINOSITY_CLASSES, "M")

_DRAWS = 20_000


def population(classification: pd.DataFrame, m_catalog: pd.DataFrame, reviewed: pd.Series | None = None):
    """The spectra that the random check is drawn from: M stars after SCM that neither DGCM nor a person looked at.

    Parameters
    ----------
    classification : pandas.DataFrame
        ``catalogs/classification.parquet``: spectrum_key; candidate_reasons (those of DGCM begin with ``dgcm:``);
        dmgm_class (empty where SCM took the spectrum out).
    m_catalog : pandas.DataFrame
        The input catalogue: spectrum_key, snri.
    reviewed : pandas.Series, optional
        Keys of the SCM candidates that a person has decided. What they are is known, so they are left out.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, stratum (one of `STRATA`).
    """
    reasons = classification["candidate_reasons"].fillna("").astype(str)
    taken = (classification["dmgm_class"].fillna("") != "") & ~reasons.str.contains("dgcm:", regex=False)
    if reviewed is not None:
        taken &= ~((reasons != "") & classification["spectrum_key"].isin(reviewed))
    rows = classification.loc[taken, ["spectrum_key"]].assign(queued=(reasons != "")[taken])
    table = rows.merge(m_catalog[["spectrum_key", "snri"]], on="spectrum_key", how="left")
    snr = table["snri"].to_numpy(dtype=float, na_value=np.nan)
    place = np.searchsorted(STRATUM_LIMITS[1:-1], np.nan_to_num(snr, nan=-np.inf), side="right")
    stratum = np.where(table["queued"], QUEUED, np.array(STRATUM_NAMES, dtype=object)[place])
    return pd.DataFrame({"spectrum_key": table["spectrum_key"], "stratum": stratum.astype(object)})


def contamination(spectra: pd.DataFrame, decisions: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Share of each label among the spectra taken as dM without a look.

    The queue `random` is a simple random sample that is looked at in random order, so within a stratum the checked
    spectra are a random sample whatever their number. The share of a stratum has the posterior of Jeffreys' prior. The
    share of all is the sum over the strata, weighted by their sizes. Spectra that were checked are known, so the errors
    are those of the other spectra, and there are none once all have been checked.

    Parameters
    ----------
    spectra : pandas.DataFrame
        From `population`.
    decisions : pandas.DataFrame
        Of the random check: spectrum_key, label; one row a spectrum. Rows about other spectra are left out.
    seed : int
        For the draws from the posterior.

    Returns
    -------
    pandas.DataFrame
        ``label``: K, unknown or not M. ``stratum``: one of `STRATA` that has spectra, or all. ``n_spectra``,
        ``n_checked``, ``n_found``: counts. ``share``, ``low``, ``high``: per cent of n_spectra, and its 16th and 84th
        percentile. ``left``, ``left_low``, ``left_high``: spectra among those not checked, which are still in the
        catalogue. A stratum without a checked spectrum has no share, and neither has all.
    """
    checked = spectra.merge(decisions[["spectrum_key", "label"]], on="spectrum_key")
    total = spectra["stratum"].value_counts()
    strata = [name for name in STRATA if total.get(name, 0)]
    rng = np.random.default_rng(seed)
    rows = []
    for name, wanted in (("K", ["K"]), ("unknown", ["unknown"]), ("not M", None)):
        found = ~checked["label"].isin(M_LABELS) if wanted is None else checked["label"].isin(wanted)
        inside = {stratum: (checked["stratum"] == stratum).to_numpy() for stratum in strata}
        parts = [
            _rest(int(total[stratum]), int(mask.sum()), int(found[mask].sum()), rng) for stratum, mask in inside.items()
        ]
        rows += [_row(name, stratum, *part) for stratum, part in zip(strata, parts, strict=True)]
        rows.append(_row(name, "all", *(sum(values) for values in zip(*parts, strict=True))) if parts else _none(name))
    return pd.DataFrame(rows)


def checked_contamination(
    classification: pd.DataFrame,
    m_catalog: pd.DataFrame,
    scm: pd.DataFrame,
    files: Sequence[str | Path],
    *,
    survey: str,
    seed: int,
) -> tuple[pd.DataFrame, int]:
    """`contamination` by the decision files of the queue random.

    Parameters
    ----------
    classification, m_catalog : pandas.DataFrame
        As for `population`.
    scm : pandas.DataFrame
        Resolved decisions of the queue scm: spectrum_key, review_status.
    files : sequence of path
        Decision files of the queue random; there may be none.
    survey : str
        Its name, for errors.
    seed : int

    Returns
    -------
    table : pandas.DataFrame
        Of `contamination`.
    n : int
        Spectra that the random check has decided.

    Raises
    ------
    InputError
        A decision file is wrong (`mstars.review.decisions.read_decisions`).
    """
    looked_at = scm.loc[scm["review_status"] == "reviewed", "spectrum_key"]
    spectra = population(classification, m_catalog, looked_at)
    no_queue = pd.DataFrame({"spectrum_key": pd.Series(dtype=str), "consensus_label": pd.Series(dtype=object)})
    keys = set(m_catalog["spectrum_key"])
    decisions = read_decisions("random", files)
    decided = resolve("random", no_queue, decisions, "provisional", catalog=keys, survey=survey)
    return contamination(spectra, decided, seed), len(decided)


def _rest(n_spectra: int, n: int, k: int, rng: np.random.Generator) -> tuple:
    """Of one stratum: its sizes, how many were found, the estimate for the rest and draws of it (NaN: none checked)."""
    rest = n_spectra - n
    if not n:
        return n_spectra, n, k, np.nan, np.full(_DRAWS, np.nan)
    return n_spectra, n, k, rest * k / n, rng.binomial(rest, rng.beta(k + 0.5, n - k + 0.5, _DRAWS)).astype(float)


def _row(label: str, stratum: str, n_spectra: int, n: int, k: int, left: float, draws: np.ndarray) -> dict:
    low, high = np.percentile(draws, [16, 84])
    counts = {"left": left, "left_low": low, "left_high": high}
    shares = {name: 100 * (k + value) / n_spectra for name, value in (("share", left), ("low", low), ("high", high))}
    return {"label": label, "stratum": stratum, "n_spectra": n_spectra, "n_checked": n, "n_found": k} | shares | counts


def _none(label: str) -> dict:
    """The row of all strata, when no spectrum is in any."""
    return {**_row(label, "all", 1, 0, 0, np.nan, np.full(2, np.nan)), "n_spectra": 0}
