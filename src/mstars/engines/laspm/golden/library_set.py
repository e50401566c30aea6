"""A library as the engine's labelled set: its spectra in a store, and further spectra of its stars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.engines.laspm.golden.labels import LABELS
from mstars.engines.laspm.golden.product import LibraryFile
from mstars.files.row_filter import table_hash
from mstars.files.stores import write_batch
from mstars.parameters.folds import assign_folds
from mstars.spectra.container import SpectrumSet

BATCH = "laspm_library"
"""Name of the store of a library's spectra."""

_COLUMNS = ("spectrum_key", "batch", "row", "star_id", "rv", "snri", "in_library", *LABELS)


def write_library_store(library: LibraryFile, name: str | Path, store_path: str | Path) -> pd.DataFrame:
    """Spectra of a library as a store, and its table with the row of each.

    Parameters
    ----------
    library : LibraryFile
    name, store_path : path
        The file of the library, for messages; HDF5.

    Returns
    -------
    pandas.DataFrame
        The rows with all labels: those of the file, with batch, row and rv (0: the spectra are at rest).

    Raises
    ------
    InputError
        Two spectra have one key.
    """
    table = library.table
    known = np.isfinite(table[list(LABELS)].to_numpy(dtype=float)).all(axis=1)
    table = table[known].reset_index(drop=True)
    twice = table["spectrum_key"].duplicated()
    if twice.any():
        raise InputError(f"{name}: the library has {table.loc[twice, 'spectrum_key'].iloc[0]} twice")
    flux, ivar = library.flux[known], library.ivar[known]
    keys = table["spectrum_key"].to_numpy(dtype=str)
    good = np.isfinite(flux)
    spectra = SpectrumSet(
        np.where(good, flux, 0).astype(np.float32),
        np.where(good, ivar, 0).astype(np.float32),
        np.zeros(flux.shape, np.uint8),
        library.wavelength,
        keys,
    )
    write_batch(store_path, spectra, pd.DataFrame({"spectrum_key": keys}), pd.DataFrame({"reason": []}))
    return table.assign(batch=BATCH, row=np.arange(len(table)), rv=0.0)


def library_set(
    library: pd.DataFrame,
    m_catalog: pd.DataFrame,
    spectra: pd.DataFrame,
    stars: pd.DataFrame,
    *,
    kind: str,
    folds: int,
    least: int,
    least_snr: float,
    seed: int,
) -> tuple[pd.DataFrame, dict]:
    """Labelled spectra of a class: the library, and further spectra of its stars, which tell how precise the match is.

    Parameters
    ----------
    library : pandas.DataFrame
        Of `write_library_store`.
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, luminosity_class, rv, snri.
    spectra, stars : pandas.DataFrame
        spectrum_key, batch, row; spectrum_key, star_id.
    kind : {"dM", "gM"}
    folds : int
        Folds of stars, for the column fold alone.
    least : int
        Stars that a class needs.
    least_snr : float
        S/N_i of further spectra.
    seed : int

    Returns
    -------
    table : pandas.DataFrame
        spectrum_key, batch, row, star_id, rv, snri, in_library, the labels with ``_label_err``, fold.
    summary : dict

    Raises
    ------
    InputError
        Fewer stars than ``least`` or than folds.
    """
    own = library[library["luminosity_class"] == kind].assign(in_library=True)
    count = own["star_id"].nunique()
    if count < max(least, folds):
        raise InputError(
            f"library laspm_{kind}: {count} stars, at least {max(least, folds)} are needed "
            "(engines.laspm.min_labelled, engines.laspm.folds); give a larger library (engines.laspm.library)"
        )
    others = _further_spectra(own, kind, m_catalog, spectra, stars, least_snr)
    columns = [*_COLUMNS, *(f"{label}_label_err" for label in LABELS)]
    table = pd.concat([own[columns], others[columns]] if len(others) else [own[columns]], ignore_index=True)
    table = table.sort_values("spectrum_key", kind="stable", ignore_index=True).astype({"row": "int64"})
    table["fold"] = assign_folds(table["star_id"].to_numpy(dtype=str), folds, rng(seed, "folds", kind))
    return table, _summary(table, kind)


def _further_spectra(own, kind, m_catalog, spectra, stars, least_snr) -> pd.DataFrame:
    """Spectra of the library's stars that are not in the library, with the labels of their star."""
    others = m_catalog.loc[m_catalog["luminosity_class"] == kind, ["spectrum_key", "rv", "snri"]]
    others = others.merge(spectra[["spectrum_key", "batch", "row"]], on="spectrum_key")
    others = others.merge(stars[["spectrum_key", "star_id"]].drop_duplicates("spectrum_key"), on="spectrum_key")
    others = others[np.isfinite(others["rv"]) & (others["snri"] >= least_snr) & others["row"].notna()]
    others = others[~others["spectrum_key"].isin(own["spectrum_key"])]
    of_star = own.drop_duplicates("star_id")[["star_id", *LABELS, *(f"{label}_label_err" for label in LABELS)]]
    return others.merge(of_star, on="star_id").assign(in_library=False)


def _summary(table: pd.DataFrame, kind: str) -> dict:
    library = int(table["in_library"].sum())
    return {
        "task": f"laspm_{kind}",
        "labels": list(LABELS),
        "spectra": len(table),
        "stars": int(table["star_id"].nunique()),
        "library": library,
        "further spectra of its stars": len(table) - library,
        "excluded": {},
        "hash": table_hash(table),
    }
