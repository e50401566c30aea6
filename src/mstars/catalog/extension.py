"""The extension: band indices, activity and what is known beyond the recommended catalogue, by spectrum."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.catalog.stars import likely_binary
from mstars.core.labels import LABELS
from mstars.files.stores import iter_batch, read_batch
from mstars.spectra.band_indices import band_indices, derived

CATALOG_COLUMNS = [
    *("spectrum_key", "obsid", "luminosity_class"),
    *("rv_best", "rv_best_err", "rv_best_from", "rv_zero_point", "rv_zero_point_err"),
]
GAIA_COLUMNS = ["spectrum_key", "star_id", "ruwe"]
PARAMETER_COLUMNS = ["spectrum_key", *(f"{label}{end}" for label in LABELS for end in ("_calib_err", "_oof"))]
"""What the extension takes of m_catalog_v3, of the match with Gaia and of the parameters."""


def batch_indices(store: str | Path, rv: pd.Series, calibration: str) -> pd.DataFrame:
    """Band indices and what follows from them, of the spectra of a store that have a velocity's row.

    Parameters
    ----------
    store : path
        Of a batch.
    rv : pandas.Series
        Velocity, km/s, by spectrum_key; NaN where there is none.
    calibration : str
        Of zeta, as `mstars.spectra.band_indices.derived` takes it.

    Returns
    -------
    pandas.DataFrame
        Columns of `mstars.spectra.band_indices.band_indices` and of `derived`; also where no spectrum is of use.
    """
    parts, known = [], rv.astype(float).to_dict()
    nothing = [read_batch(store, slice(0, 0))]  # for the columns, should the batch be empty
    for spectra in chain(nothing, iter_batch(store)):
        spectra = spectra.having(known)
        table = band_indices(spectra, np.array([known[key] for key in spectra.spectrum_key.tolist()], dtype=float))
        parts.append(table.join(derived(table, calibration)))
    return pd.concat(parts, ignore_index=True)


def extension_rows(
    m_catalog: pd.DataFrame, gaia: pd.DataFrame, parameters: pd.DataFrame, indices: pd.DataFrame
) -> pd.DataFrame:
    """One row a spectrum of m_catalog_v3, with the columns that the extension's description names.

    Parameters
    ----------
    m_catalog, gaia, parameters : pandas.DataFrame
        With `CATALOG_COLUMNS`, `GAIA_COLUMNS` and `PARAMETER_COLUMNS`; a spectrum may lack in the last two.
    indices : pandas.DataFrame
        Of `batch_indices`, all batches.
    """
    rows = m_catalog.merge(gaia, on="spectrum_key", how="left", validate="1:1")
    rows["binary"] = likely_binary(rows["ruwe"])
    rows = rows.merge(parameters, on="spectrum_key", how="left", validate="1:1")
    return rows.merge(indices, on="spectrum_key", how="left", validate="1:1")
