"""External classes that a training label must not contradict (section 3.4.1: Gaia's golden samples, SIMBAD, …)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.classes import SPECTRAL_CLASSES
from mstars.core.errors import InputError
from mstars.files.external_tables import Column, read_external
from mstars.sky.crossmatch import match_fixed

COLUMNS = (
    Column("ra", ("RA", "RAdeg", "RA_ICRS", "_RAJ2000"), "ra", unit="deg"),
    Column("dec", ("DEC", "DEdeg", "DE_ICRS", "_DEJ2000"), "dec", unit="deg"),
    Column("class", ("label", "type"), "str"),
)
"""A class table: ra, dec (degrees) and class, in any format of `mstars.files.external_tables`."""

CLASSES = {
    **{name: name for name in SPECTRAL_CLASSES},
    **{"O": "OB", "B": "OB", "DM": "M", "GM": "M", "SDM": "M"},
}
"""Classes a table may hold, in capitals, and the training label each means."""


def read_class_table(path: str | Path) -> pd.DataFrame:
    """Read a class table.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    pandas.DataFrame
        ra, dec (degrees), class (a training label).

    Raises
    ------
    InputError
        A missing column, or a class that is not one of `CLASSES`: names the row.
    """
    table = read_external(path, COLUMNS, "scm.class_tables")
    said = table["class"].str.strip().str.upper()
    unknown = ~said.isin(list(CLASSES))
    if unknown.any():
        row = int(np.argmax(unknown.to_numpy()))
        raise InputError(
            f"scm.class_tables: {path}: row {row + 1}: class {table['class'].iloc[row]!r} is not one of "
            f"{', '.join(CLASSES)} ({int(unknown.sum())} such rows)"
        )
    return table.assign(**{"class": said.map(CLASSES)})


def contradicted(pool: pd.DataFrame, table: pd.DataFrame, radius_arcsec: float) -> np.ndarray:
    """Spectra whose nearest source of a class table has another class than their label.

    Parameters
    ----------
    pool : pandas.DataFrame
        ra, dec (degrees), label.
    table : pandas.DataFrame
        Of `read_class_table`.
    radius_arcsec : float

    Returns
    -------
    ndarray of bool, [n]
        False where there is no source within the radius.
    """
    match = match_fixed({"catalogue": (pool["ra"], pool["dec"])}, table, radius_arcsec)
    index = match["index"].to_numpy()
    said = np.append(table["class"].to_numpy(dtype=str), "")[index]  # index -1: no source
    return (index >= 0) & (said != pool["label"].to_numpy(dtype=str))


def read_class_tables(paths: Sequence[str | Path]) -> dict[str, pd.DataFrame]:
    """The class tables of the config by file name.

    Parameters
    ----------
    paths : sequence of str or Path
        ``scm.class_tables``.

    Returns
    -------
    dict of str to pandas.DataFrame
        Of `read_class_table`.
    """
    return {Path(path).name: read_class_table(path) for path in paths}
