"""How many of the spectra that were never candidates are not of M stars, from the random check (footnote 13)."""

from __future__ import annotations

import numpy as np
import pandas as pd

SNR_EDGES = (-np.inf, 10.0, 20.0, 50.0, np.inf)
SNR_NAMES = ("<10", "10-20", "20-50", ">50")
M_LABELS = ("dM", "gM", "M")

_DRAWS = 20_000


def population(classification: pd.DataFrame, m_catalog: pd.DataFrame) -> pd.DataFrame:
    """Spectra that were never a candidate of SCM or DGCM: what the random check is drawn from.

    Parameters
    ----------
    classification : pandas.DataFrame
        ``catalogs/classification.parquet``: spectrum_key, candidate_reasons, final_class.
    m_catalog : pandas.DataFrame
        The input catalogue: spectrum_key, snri.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, snr (one of `SNR_NAMES`).
    """
    rows = classification[(classification["candidate_reasons"] == "") & (classification["final_class"] != "rejected")]
    table = rows[["spectrum_key"]].merge(m_catalog[["spectrum_key", "snri"]], on="spectrum_key", how="left")
    snr = table["snri"].to_numpy(dtype=float, na_value=np.nan)
    place = np.searchsorted(SNR_EDGES[1:-1], np.nan_to_num(snr, nan=-np.inf), side="right")
    return pd.DataFrame({"spectrum_key": table["spectrum_key"], "snr": np.array(SNR_NAMES)[place]})


def contamination(spectra: pd.DataFrame, decisions: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Share of each label among the spectra no one looked at, with errors.

    Within an S/N interval the checked spectra are a random sample: the share has Jeffreys' posterior. The share of all
    is the sum over the intervals by the number of spectra in each, so that a check that looked more often at faint
    spectra is not biased.

    Parameters
    ----------
    spectra : pandas.DataFrame
        Of `population`.
    decisions : pandas.DataFrame
        spectrum_key, label of the random check, one row a spectrum; rows outside ``spectra`` are left out.
    seed : int
        Of the posterior draws.

    Returns
    -------
    pandas.DataFrame
        label (K, unknown, not M), snr (an interval or all), n_spectra, n_checked, n_found, share, low, high (per
        cent; the 16th and 84th percentile), expected, expected_low, expected_high (spectra). Without a checked
        spectrum in some interval the rows of it and of all have no share.
    """
    checked = spectra.merge(decisions[["spectrum_key", "label"]], on="spectrum_key")
    total = spectra["snr"].value_counts().reindex(SNR_NAMES, fill_value=0)
    rng = np.random.default_rng(seed)
    rows = []
    for name, wanted in (("K", ["K"]), ("unknown", ["unknown"]), ("not M", None)):
        found = ~checked["label"].isin(M_LABELS) if wanted is None else checked["label"].isin(wanted)
        draws = np.zeros(_DRAWS)
        best = 0.0
        for snr in SNR_NAMES:
            inside = checked["snr"] == snr
            n, k = int(inside.sum()), int((found & inside).sum())
            share = k / n if n else np.nan
            posterior = rng.beta(k + 0.5, n - k + 0.5, _DRAWS) if n else np.full(_DRAWS, np.nan)
            rows.append(_row(name, snr, int(total[snr]), n, k, share, posterior))
            if total[snr]:
                draws += posterior * total[snr] / total.sum()
                best += share * total[snr] / total.sum()
        rows.append(_row(name, "all", int(total.sum()), len(checked), int(found.sum()), best, draws))
    return pd.DataFrame(rows)


def _row(label: str, snr: str, n_spectra: int, n: int, k: int, share: float, posterior: np.ndarray) -> dict:
    low, high = np.percentile(posterior, [16, 84]) if np.isfinite(posterior).all() and n else (np.nan, np.nan)
    share = share if n else np.nan
    counts = {"expected": share * n_spectra, "expected_low": low * n_spectra, "expected_high": high * n_spectra}
    shares = {"share": 100 * share, "low": 100 * low, "high": 100 * high}
    return {"label": label, "snr": snr, "n_spectra": n_spectra, "n_checked": n, "n_found": k, **shares, **counts}
