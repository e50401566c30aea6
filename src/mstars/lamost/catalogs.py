"""LAMOST's catalogues, of any format of `mstars.files.table_formats`, read into the pipeline's own columns."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.missing import without_missing
from mstars.core.snr import SNR
from mstars.files.table_formats import open_table
from mstars.files.values import UnreadableValues, degrees, integer_values, number_values, text_values
from mstars.lamost.dates import observation_days
from mstars.lamost.names import is_identity, luminosity_class

logger = logging.getLogger("mstars")

CATALOG_DTYPES = {
    "spectrum_key": "str", "obsid": "Int64", "filename": "str", "path": "str", "plate": "str", "batch": "str",
    "role": "str", "lmjd": "int64", "mjd": "Int64", "planid": "str", "spid": "int64", "fiberid": "int64",
    "obsdate": "str", "ra_obs": "float64", "dec_obs": "float64", "ra": "float64", "dec": "float64",
    **dict.fromkeys(SNR, "float64"),
    "class": "str", "subclass": "str", "z": "float64", "z_err": "float64", "gaia_source_id": "Int64",
    "lamost_class": "str", "lamost_rv": "float64", "lamost_rv_err": "float64", "snr_from_pixels": "str",
}  # fmt: skip
"""Columns of m_catalog_v0; class_catalog has also ``label`` and ``source_catalog``. ``snr_from_pixels`` has the letters
of the bands whose S/N is that of the pixels, since neither header nor catalogue tells it."""

_IDENTITY = ("lmjd", "planid", "spid", "fiberid")
PLACED = (*_IDENTITY, "ra", "dec", *SNR)
"""What a catalogue must tell of a spectrum at least."""

REQUIRED = (*PLACED, "obsid", "class", "subclass", "z")
"""What the M catalogue must tell."""

_OPTIONAL = ("mjd", "obsdate", "ra_obs", "dec_obs", "z_err", "gaia_source_id")
_TEXT = ("planid", "obsdate", "class", "subclass")
_WHOLE = ("obsid", "lmjd", "mjd", "spid", "fiberid", "gaia_source_id")
_ANGLES = {"ra": 15.0, "ra_obs": 15.0, "dec": 1.0, "dec_obs": 1.0}
_NEEDED_TO_USE = frozenset((*_IDENTITY, "obsid", "ra", "dec"))
_MOST_UNREADABLE = 0.5


def read_catalog(path: str | Path, columns: tuple[str, ...] = REQUIRED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a LAMOST catalogue; see `iter_catalog`, whose parts are put together here."""
    parts = list(iter_catalog(path, columns))
    return tuple(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))


def iter_catalog(
    path: str | Path, columns: tuple[str, ...] = REQUIRED, chunk: int = 100_000
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Read a LAMOST catalogue in parts, so that one of ten million rows needs little memory.

    Parameters
    ----------
    path : str or Path
        A format of `mstars.files.table_formats`; LAMOST's are FITS and ``|``-separated text, gzipped or not.
    columns : tuple of str, optional
        Columns that must be there. Names are compared without case.
    chunk : int, optional
        Rows of a part.

    Yields
    ------
    catalog : pandas.DataFrame
        The columns of `CATALOG_DTYPES` that a catalogue tells (identity, coordinates, S/N, class, z, ...).
    rejected : pandas.DataFrame
        Rows without a usable identity or position, with ``reason``; ``filename`` names catalogue and row.

    Raises
    ------
    InputError
        The file is missing or unreadable, has no rows, lacks a column (the nearest name is suggested), or has a column
        of which most values can't be read or identifiers have lost digits.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such catalogue")
    table = open_table(path, {*REQUIRED, *_OPTIONAL})
    names = {name.lower(): name for name in reversed(table.names)}
    _check_columns(path, names, columns)
    used = {name: names[name] for name in (*REQUIRED, *_OPTIONAL) if name in names}
    n_rows = 0
    for rows in table.chunks(list(used.values()), chunk):
        n_rows += len(rows.table) + len(rows.problems)
        raw = rows.table.rename(columns={theirs: ours for ours, theirs in used.items()})
        yield _typed_rows(path, raw, rows.problems)
    if not n_rows:
        raise InputError(f"{path}: the catalogue has no rows")


def _check_columns(path: Path, names, required: tuple[str, ...]) -> None:
    missing = [name for name in required if name not in names]
    if not missing:
        return
    near = {name: difflib.get_close_matches(name, names, 1) for name in missing}
    hints = [f"'{name}'" + (f" (is '{found[0]}' meant?)" if found else "") for name, found in near.items()]
    raise InputError(f"{path}: missing column {', '.join(hints)}; needed are {', '.join(required)}")


def _typed_rows(path: Path, raw: pd.DataFrame, problems: dict[int, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a catalogue typed and sorted out: those that can be used, and those that can't with the reason."""
    catalog, reason = pd.DataFrame(index=raw.index), np.full(len(raw), "", dtype=object)
    for name in (*REQUIRED, *_OPTIONAL):
        values = raw[name] if name in raw else pd.Series("", index=raw.index, dtype=object)
        catalog[name], bad = _typed_column(path, name, values)
        if not bad.any():
            continue
        if name in _NEEDED_TO_USE:
            told = [f"{name} is {value!s:.40}" for value in values[bad]]
            reason[bad] = np.where(reason[bad] == "", told, reason[bad])
        else:
            _warn(path, name, values, bad)
    for name in ("ra", "dec"):
        catalog[f"{name}_obs"] = catalog[f"{name}_obs"].fillna(catalog[name])
    reason = np.where(reason == "", _row_problems(raw, catalog), reason)
    usable = reason == ""
    numbers = [*raw.index[~usable], *problems]
    rejected = pd.DataFrame(
        {
            "filename": [f"{path.name} row {number}" for number in numbers],
            "reason": [*reason[~usable], *problems.values()],
            "obsid": pd.array([*catalog["obsid"][~usable], *[pd.NA] * len(problems)], dtype="Int64"),
        }
    )
    return _derived(catalog[usable].reset_index(drop=True)), rejected


def _typed_column(path: Path, name: str, values: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """One column in its type, null (or '') where nothing stands; and where something unreadable stands."""
    if name in _TEXT:
        return text_values(values).astype("str"), np.zeros(len(values), bool)
    try:
        if name in _WHOLE:
            numbers, bad = integer_values(values)
            return numbers.where(numbers > 0), bad  # -9999 and 0 are LAMOST's missing values
        if name in _ANGLES:
            numbers, bad = degrees(values, _ANGLES[name])
        else:
            numbers, bad = number_values(values)
    except UnreadableValues as error:
        raise InputError(f"{path}: column {name!r}: {error}; store integers") from None
    return pd.Series(numbers, index=values.index), bad


def _warn(path: Path, name: str, values: pd.Series, bad: np.ndarray) -> None:
    """Say which values become null; most of a column is too much."""
    first = int(np.argmax(bad))
    told = f"{path}: column {name!r}: {bad.sum()} values are no numbers, the first in row {values.index[first]}: "
    told += repr(str(values.iloc[first])[:40])
    if bad.mean() > _MOST_UNREADABLE and bad.sum() > 1:
        raise InputError(f"{told}; correct the column or leave it out")
    logger.warning("%s; they become null", told)


def _row_problems(raw: pd.DataFrame, catalog: pd.DataFrame) -> np.ndarray:
    """Why a row can't be used, '' where it can: str [n]."""
    numbers = [catalog[name].fillna(-1).astype("int64") for name in ("lmjd", "spid", "fiberid")]
    identity = [
        is_identity(lmjd, plan, spid, fibre)
        for lmjd, spid, fibre, plan in zip(*numbers, catalog["planid"], strict=True)
    ]
    reason = np.full(len(catalog), "", dtype=object)
    for row in np.flatnonzero(~np.array(identity, dtype=bool)):
        told = ", ".join(f"{name} {str(raw[name].iloc[row]).strip()[:20] or 'missing'}" for name in _IDENTITY)
        reason[row] = f"no identity: {told}"
    problem = coordinate_problems(catalog["ra"].to_numpy(), catalog["dec"].to_numpy())
    return np.where(reason == "", problem, reason).astype(object)


def coordinate_problems(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Why a position (degrees) can't be used, '' where it can: str [n]."""
    reason = np.full(len(ra), "", dtype=object)
    inside = (ra >= 0) & (ra <= 360) & (dec >= -90) & (dec <= 90)
    for row in np.flatnonzero(~inside):
        missing = np.isnan(ra[row]) or np.isnan(dec[row])
        reason[row] = "no coordinates" if missing else f"coordinates out of range: ra {ra[row]:g}, dec {dec[row]:g}"
    return reason


def _derived(catalog: pd.DataFrame) -> pd.DataFrame:
    for name in ("lmjd", "spid", "fiberid"):
        catalog[name] = catalog[name].astype("int64")
    catalog["plate"] = catalog["lmjd"].astype(str) + "-" + catalog["planid"]
    fibre = "-sp" + catalog["spid"].astype(str).str.zfill(2) + "-" + catalog["fiberid"].astype(str).str.zfill(3)
    catalog["spectrum_key"] = catalog["plate"] + fibre
    catalog["obsdate"] = observation_days(catalog["obsdate"], catalog["mjd"], catalog["lmjd"])
    catalog["obsdate"] = catalog["obsdate"].astype("str")
    return add_lamost_columns(catalog)


def add_lamost_columns(catalog: pd.DataFrame) -> pd.DataFrame:
    """Add lamost_class (dM, gM or '') and LAMOST's velocity.

    lamost_rv = c z in km/s, NaN where z is -9999 or blank. lamost_rv_err = c z_err, NaN also where z_err is infinite or
    not positive.
    """
    z, z_err = catalog["z"].to_numpy(dtype=float), catalog["z_err"].to_numpy(dtype=float)
    known = np.isfinite(without_missing(z))
    z_err = np.where(np.isfinite(z_err), z_err, np.nan)
    catalog["lamost_class"] = luminosity_class(catalog["subclass"])
    catalog["lamost_rv"] = np.where(known, C_KMS * z, np.nan)
    catalog["lamost_rv_err"] = np.where(known & (z_err > 0), C_KMS * z_err, np.nan)
    return catalog


def catalog_table(rows: pd.DataFrame, extra: dict[str, str] | None = None) -> pd.DataFrame:
    """A catalogue with exactly the columns of `CATALOG_DTYPES` and ``extra``, in order and typed."""
    dtypes = {**CATALOG_DTYPES, **(extra or {})}
    table = rows.reindex(columns=list(dtypes))
    for column, dtype in dtypes.items():
        table[column] = text_column(table[column]) if dtype == "str" else table[column].astype(dtype)
    return table.reset_index(drop=True)


def text_column(values: pd.Series) -> pd.Series:
    """A column as text, '' where a value is missing."""
    if isinstance(values.dtype, pd.StringDtype):
        return values.fillna("").astype("str")
    return values.astype(object).where(values.notna(), "").astype("str")
