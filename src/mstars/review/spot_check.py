"""The random check of section 3.4.2: a sample of the spectra that are taken as dM without a look."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.classify.dgcm import dgcm_evidence
from mstars.files.tables import among
from mstars.review.queues import share_of_key


def spot_check(
    m_catalog: pd.DataFrame,
    candidates: pd.DataFrame,
    dmgm: pd.DataFrame,
    photometry: pd.DataFrame,
    size: int,
    seed: int,
) -> pd.DataFrame:
    """A random sample of the spectra of m_catalog_v1 that no one queued: are there gM or non-M among them?

    Parameters
    ----------
    m_catalog, dmgm, photometry : pandas.DataFrame
        As for `mstars.classify.dgcm.dgcm_candidates`.
    candidates : pandas.DataFrame
        The queue dgcm. Its spectra are looked at anyway and are left out.
    size : int
        How many at most (the paper: about 50,000).
    seed : int
        A spectrum's random number depends on this and on its key. A catalogue that changes after a retraining leaves
        the others their numbers.

    Returns
    -------
    pandas.DataFrame
        Columns of the queue dgcm. consensus_label is dM, the class that such spectra have. priority is the random
        number: the first rows are a random sample, however many are looked at.
    """
    table = dgcm_evidence(m_catalog, dmgm, photometry)
    table = table[~among(table["spectrum_key"], candidates["spectrum_key"])].sort_values("spectrum_key")
    draw = np.array([share_of_key(key, f"random{seed}") for key in table["spectrum_key"]])
    table = table.assign(candidate_reasons="random", priority=draw, consensus_label="dM")
    table = table.iloc[np.sort(np.argsort(-draw)[:size])].reset_index(drop=True)
    first = ["spectrum_key", "candidate_reasons", "priority", "consensus_label"]
    return table[first + [name for name in table if name not in first]]
