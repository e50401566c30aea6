"""LAMOST's catalogues (FITS or '|'-separated CSV, gzipped or not) read into the pipeline's own columns."""

from __future__ import annotations

import difflib
import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.lamost.names import luminosity_class

CATALOG_DTYPES = {
    "spectrum_key": "str", "obsid": "Int64", "filename": "str", "path": "str", "plate": "str", "batch": "str",
    "role": "str", "lmjd": "int64", "mjd": "Int64", "planid": "str", "spid": "int64", "fiberid": "int64",
    "obsdate": "str", "ra_obs": "float64", "dec_obs": "float64", "ra": "float64", "dec": "float64",
    "snru": "float64", "snrg": "float64", "snrr": "float64", "snri": "float64", "snrz": "float64",
    "class": "str", "subclass": "str", "z": "float64", "z_err": "float64", "gaia_source_id": "Int64",
    "lamost_class": "str", "lamost_rv": "float64", "lamost_rv_err": "float64", "snr_from_pixels": "str",
}  # fmt: skip
"""Columns of m_catalog_v0; class_catalog has also ``label`` and ``source_catalog``. ``snr_from_pixels`` has the letters
of the bands whose S/N is that of the pixels, since neither header nor catalogue tells it."""

_IDENTITY = ("lmjd", "planid", "spid", "fiberid")
BANDS = ("snru", "snrg", "snrr", "snri", "snrz")
PLACED = (*_IDENTITY, "ra", "dec", *BANDS)
"""What a catalogue must tell of a spectrum at least."""

REQUIRED = (*PLACED, "obsid", "class", "subclass", "z")
"""What the M catalogue must tell."""

_OPTIONAL = ("mjd", "obsdate", "ra_obs", "dec_obs", "z_err", "gaia_source_id")
_TEXT = ("planid", "obsdate", "class", "subclass")
_WHOLE = ("obsid", "lmjd", "mjd", "spid", "fiberid", "gaia_source_id")
_NO_VALUE = ("", "null", "nan", "none", "-9999", "-9999.0", "\\n")


def read_catalog(path: str | Path, columns: tuple[str, ...] = REQUIRED) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a LAMOST catalogue; see `iter_catalog`, whose parts are put together here."""
    parts = list(iter_catalog(path, columns))
    return tuple(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))


def iter_catalog(
    path: str | Path, columns: tuple[str, ...] = REQUIRED, chunk: int = 250_000
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Read a LAMOST catalogue in parts, so that one of ten million rows needs little memory.

    Parameters
    ----------
    path : str or Path
        ``*.fits``, ``*.fits.gz``, ``*.csv`` or ``*.csv.gz``; a CSV separated by ``|`` (as LAMOST's) or by commas.
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
        The file is missing or unreadable, has no rows, or lacks a column (the nearest name is suggested).
    """
    path, start = Path(path), 0
    for raw in _iter_raw(path, columns, chunk):
        catalog = pd.DataFrame({name: _column(raw, name) for name in (*REQUIRED, *_OPTIONAL)}, index=raw.index)
        for name in ("ra", "dec"):
            catalog[f"{name}_obs"] = catalog[f"{name}_obs"].fillna(catalog[name])
        reason = _row_problems(raw, catalog)
        bad = np.flatnonzero(reason != "")
        rejected = pd.DataFrame(
            {
                "filename": [f"{path.name} row {start + number + 1}" for number in bad],
                "reason": reason[bad],
                "obsid": catalog["obsid"].to_numpy()[bad],
            }
        )
        start += len(raw)
        yield _derived(catalog[reason == ""].reset_index(drop=True)), rejected
    if not start:
        raise InputError(f"{path}: the catalogue has no rows")


def _iter_raw(path: Path, required: tuple[str, ...], chunk: int) -> Iterator[pd.DataFrame]:
    if not path.is_file():
        raise InputError(f"{path}: no such catalogue")
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith((".fits", ".fit", ".csv", ".txt")):
        raise InputError(f"{path}: a catalogue is .fits, .fits.gz, .csv or .csv.gz")
    parts = (_iter_fits if name.endswith((".fits", ".fit")) else _iter_csv)(path, required, chunk)
    while True:
        try:
            part = next(parts, None)
        except InputError:
            raise
        except Exception as error:  # astropy, gzip and pandas have no common base class for damaged files
            raise InputError(f"{path}: not a readable catalogue ({error})") from None
        if part is None:
            return
        yield part


def _iter_fits(path: Path, required: tuple[str, ...], chunk: int) -> Iterator[pd.DataFrame]:
    from astropy.io import fits

    with fits.open(path, memmap=not path.name.endswith(".gz")) as hdus:
        table = next((hdu for hdu in hdus if getattr(hdu, "columns", None) is not None), None)
        if table is None:
            raise InputError(f"{path}: no table in this FITS file")
        names = {name.lower(): name for name in table.columns.names}
        _check_columns(path, names, required)
        used = sorted({*REQUIRED, *_OPTIONAL} & set(names))
        for start in range(0, len(table.data), chunk):
            rows = table.data[start : start + chunk]
            yield pd.DataFrame({name: _native(np.asarray(rows[names[name]])) for name in used})


def _native(values: np.ndarray) -> np.ndarray:
    return values.astype(values.dtype.newbyteorder("=")) if values.dtype.kind in "iuf" else values


def _iter_csv(path: Path, required: tuple[str, ...], chunk: int) -> Iterator[pd.DataFrame]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", errors="replace") as handle:
        first = handle.readline()
    separator = "|" if "|" in first else ","
    names = {name.strip().strip('"').lower(): name for name in first.rstrip("\r\n").split(separator)}
    _check_columns(path, names, required)
    keep = {names[name].strip().strip('"') for name in {*REQUIRED, *_OPTIONAL} & set(names)}
    reader = pd.read_csv(
        path,
        sep=separator,
        dtype=str,
        keep_default_na=False,
        usecols=lambda name: name.strip() in keep,
        chunksize=chunk,
    )
    with reader:
        for raw in reader:
            raw.columns = [name.strip().lower() for name in raw.columns]
            yield raw


def _check_columns(path: Path, names, required: tuple[str, ...]) -> None:
    missing = [name for name in required if name not in names]
    if not missing:
        return
    near = {name: difflib.get_close_matches(name, names, 1) for name in missing}
    hints = [f"'{name}'" + (f" (is '{found[0]}' meant?)" if found else "") for name, found in near.items()]
    raise InputError(f"{path}: missing column {', '.join(hints)}; needed are {', '.join(required)} (docs/input.md)")


def _column(raw: pd.DataFrame, name: str) -> pd.Series:
    """One column in its type; what can't be read is null (or '' for text)."""
    if name not in raw:
        values = pd.Series("", index=raw.index)
    else:
        values = raw[name]
    if values.dtype.kind not in "iufb":
        values = values.map(lambda value: value.decode("ascii", "replace") if isinstance(value, bytes) else str(value))
        values = values.str.strip()
    if name in _TEXT:
        return values.astype(str).astype("str")
    if name in _WHOLE:
        return _whole(values)
    numbers = values.astype("float64") if values.dtype.kind in "iufb" else pd.to_numeric(values, errors="coerce")
    return numbers.astype("float64")


def _whole(values: pd.Series) -> pd.Series:
    """Integers without a detour through float: Gaia's identifiers have 19 digits. -9999, 0 and blanks are null."""
    if values.dtype.kind in "iu":
        return values.astype("Int64").where(values > 0)
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.floor(values)) & (values > 0)
        return values.where(whole).astype("Int64")
    clean = values.str.lower().str.replace(r"\.0*$", "", regex=True)
    usable = clean.str.fullmatch(r"\d{1,19}") & ~clean.isin(_NO_VALUE) & (clean != "0")
    parsed = [int(text) if good else None for text, good in zip(clean, usable, strict=True)]
    return pd.Series(parsed, index=values.index, dtype="Int64")


def _row_problems(raw: pd.DataFrame, catalog: pd.DataFrame) -> np.ndarray:
    """Why a row can't be used, '' where it can: str [n]."""
    reason = np.full(len(catalog), "", dtype=object)
    for name in _IDENTITY:
        lacking = (catalog[name] == "") if name == "planid" else catalog[name].isna()
        for row in np.flatnonzero(lacking.to_numpy(dtype=bool) & (reason == "")):
            reason[row] = f"no identity: {name} is {raw[name].iloc[row]!s:.20}"
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
    catalog["obsdate"] = catalog["obsdate"].str.slice(0, 10).mask(catalog["obsdate"].str.lower().isin(_NO_VALUE), "")
    return add_lamost_columns(catalog)


def add_lamost_columns(catalog: pd.DataFrame) -> pd.DataFrame:
    """Add lamost_class (dM, gM or '') and LAMOST's velocity.

    lamost_rv = c z in km/s, NaN where z is -9999 or blank; lamost_rv_err = c z_err, NaN also where z_err <= 0.
    """
    z, z_err = catalog["z"].to_numpy(dtype=float), catalog["z_err"].to_numpy(dtype=float)
    known = np.isfinite(z) & (z > -9000)
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
    return values.astype(object).where(values.notna(), "").astype("str")
