"""The golden sample as a FITS file: spectra and labels as the authors publish theirs, and a reader for both.

The first HDU holds the spectra, one a row. Then come the table of stars, the inverse variances and the wavelengths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.labels import LABELS
from mstars.engines.laspm.golden.spectra import GRID, SampleSpectra
from mstars.engines.laspm.info import INFO
from mstars.files.whole import atomic_path
from mstars.spectra.wavelengths import DLOGLAM

NAMES = {
    "spectrum_key": ("spectrum_key",),
    "obsid": ("obsid", "lamost_obsid"),
    "star_id": ("star_id", "source_id", "gaia_source_id", "designation"),
    "luminosity_class": ("luminosity_class", "kind", "class"),
    "snri": ("snri", "snr_i", "snr"),
    "source": ("label_source", "source", "catalog", "catalogue", "reference"),
    "teff": ("teff", "t_eff"),
    "logg": ("logg", "log_g"),
    "m_h": ("m_h", "mh", "[m/h]", "feh", "fe_h", "[fe/h]"),
    "teff_label_err": ("teff_label_err", "teff_err", "e_teff"),
    "logg_label_err": ("logg_label_err", "logg_err", "e_logg"),
    "m_h_label_err": ("m_h_label_err", "m_h_err", "feh_err", "e_m_h"),
}
"""Spellings of the columns that are read, in small letters."""

COMMENTS = {
    "teff": "K, on the scale of the header",
    "label_source": "catalogue that gave the labels",
    "teff_offset": "K, taken from the source's value",
    "status": "what the clusters said",
    "review_status": "who decided where no cluster did",
    "distance": "to the middle of its cluster",
    "supplement": "outside the primary sample",
}
"""What columns of the product hold, where the name does not tell."""

GIANTS_BELOW = 3.5
"""log g that parts giants from dwarfs in a file without classes: nothing of the golden sample lies near it."""


@dataclass
class LibraryFile:
    """A library as a file holds it.

    Attributes
    ----------
    table : pandas.DataFrame, [n]
        Columns of `NAMES`; NaN or '' where the file has none.
    flux, ivar : ndarray of float32, [n, pixel]
    wavelength : ndarray of float64, [pixel]
        Vacuum angstrom, rest frame.
    """

    table: pd.DataFrame
    flux: np.ndarray
    ivar: np.ndarray
    wavelength: np.ndarray


def sample_table(members: pd.DataFrame, offsets: pd.DataFrame) -> pd.DataFrame:
    """The table of the product: labels with their provenance.

    Parameters
    ----------
    members : pandas.DataFrame
        `mstars.engines.laspm.golden.sample.GoldenSample.members`.
    offsets : pandas.DataFrame
        luminosity_class, source, label, mean, used: what was taken from each source's labels.
    """
    columns = ["spectrum_key", "obsid", "source_id", "star_id", "ra", "dec", "luminosity_class", "snri", "rv"]
    columns += [*LABELS, *(f"{label}_label_err" for label in LABELS), "source", "supplement", "status"]
    table = members[[*columns, "review_status", "distance"]].copy()
    shift = offsets.assign(mean=offsets["mean"].where(offsets["used"].astype(bool), 0.0))
    shift = shift.set_index(["luminosity_class", "source", "label"])["mean"].to_dict()
    keys = list(zip(table["luminosity_class"], table["source"], strict=True))
    for label in LABELS:
        table[f"{label}_offset"] = [shift.get((*key, label), 0.0) for key in keys]
    return table.rename(columns={"source": "label_source"})


def write_golden_sample(
    table: pd.DataFrame, spectra: SampleSpectra, path: str | Path, *, scale: str, comments: Mapping[str, str]
) -> None:
    """Write the sample, whole or not at all, with the same bytes for the same sample.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
    spectra : SampleSpectra
        n recalibrated spectra.
    path : path
    scale : str
        Whose scale the labels are on.
    comments : mapping
        What columns hold, by name.
    """
    primary = fits.PrimaryHDU(np.asarray(spectra.flux, dtype=np.float32))
    header = primary.header
    header["BUNIT"] = ("", "flux over its mean")
    header["COEFF0"], header["COEFF1"] = (np.log10(GRID.wavelength[0]), "log10 of the first wavelength"), DLOGLAM
    header["DC-FLAG"], header["VACUUM"] = (1, "log-linear wavelengths"), (True, "rest frame, vacuum angstrom")
    header["SCALE"] = (scale[:60], "whose scale the labels are on")
    rows = fits.BinTableHDU(_records(table), name="STARS")
    for number, name in enumerate(table, 1):
        if name in comments:
            rows.header.comments[f"TTYPE{number}"] = comments[name][:40]
    ivar = fits.ImageHDU(np.asarray(spectra.ivar, dtype=np.float32), name="IVAR")
    wavelength = fits.ImageHDU(GRID.wavelength, name="WAVELENGTH")
    with atomic_path(path) as temporary:
        fits.HDUList([primary, rows, ivar, wavelength]).writeto(temporary)


def _records(table: pd.DataFrame) -> np.ndarray:
    columns = {}
    for name in table:
        values = table[name]
        if pd.api.types.is_bool_dtype(values) or pd.api.types.is_integer_dtype(values):
            columns[name] = values.fillna(-1).to_numpy(dtype="i8")
        elif pd.api.types.is_float_dtype(values):
            columns[name] = values.to_numpy(dtype="f8")
        else:
            text = [str(value).encode("ascii", "backslashreplace") for value in values.fillna("")]
            columns[name] = np.array(text, dtype=f"S{max([1, *map(len, text)])}")
    return np.rec.fromarrays(list(columns.values()), names=list(columns))


def read_library(path: str | Path) -> LibraryFile:
    """Read a library: a file of `write_golden_sample`, or one that the authors publish.

    Parameters
    ----------
    path : path
        FITS. The spectra are the first image with a row a star; labels are in the first table with as many rows.
        Wavelengths are in an HDU `WAVELENGTH`, in a column of the table, or in the header (COEFF0, or CRVAL1 and
        CDELT1; log10 where DC-FLAG is 1 or the values are below 10).

    Raises
    ------
    InputError
        Names the file and what it lacks.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            images = [hdu for hdu in hdus if hdu.is_image and hdu.data is not None and hdu.data.ndim == 2]
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
            if not images:
                raise InputError(f"{path}: no image with a spectrum a row")
            flux = np.asarray(images[0].data, dtype=np.float32)
            found = [hdu for hdu in tables if len(hdu.data) == len(flux)]
            if not found:
                raise InputError(f"{path}: no table with {len(flux)} rows, one for each spectrum")
            table, wavelength = _table(found[0], path), _wavelength(hdus, images[0], flux.shape[1], path)
            ivar = [hdu.data for hdu in images[1:] if hdu.name == "IVAR" and hdu.data.shape == flux.shape]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable FITS file ({error})") from None
    return _checked(LibraryFile(table, flux, _ivar(ivar, flux, table), wavelength), path)


def _table(hdu, path) -> pd.DataFrame:
    names = {name.lower(): name for name in hdu.columns.names}
    columns = {}
    for ours, spellings in NAMES.items():
        theirs = next((names[name] for name in spellings if name in names), None)
        if theirs is not None:
            values = np.asarray(hdu.data[theirs])
            native = values.astype(values.dtype.newbyteorder("="))
            columns[ours] = np.char.strip(native.astype(str)) if values.dtype.kind in "SU" else native
    table = pd.DataFrame(columns)
    missing = [label for label in LABELS if label not in table]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; it has {', '.join(names)}")
    n = len(table)
    if "luminosity_class" not in table or not set(table["luminosity_class"]) <= {"dM", "gM"}:
        table["luminosity_class"] = np.where(table["logg"] < GIANTS_BELOW, "gM", "dM")
    numbered = [f"library-{number:06d}" for number in range(n)]
    for name in ("spectrum_key", "star_id"):
        given = table[name] if name in table else table.get("obsid", pd.Series(numbered))
        table[name] = given.astype(str)
    for name in (*(f"{label}_label_err" for label in LABELS), "snri"):
        table[name] = table[name].astype(float) if name in table else np.nan
    return table.assign(source=table["source"] if "source" in table else "")


def _wavelength(hdus, image, n_pixel: int, path) -> np.ndarray:
    for hdu in hdus:
        if hdu.name.upper().startswith("WAVE") and hdu.data is not None and np.size(hdu.data) == n_pixel:
            return np.asarray(hdu.data, dtype=float).reshape(-1)
        columns = hdu.columns.names if isinstance(hdu, fits.BinTableHDU) else ()
        name = next((name for name in columns if name.lower() in ("wave", "wavelength", "lambda", "loglam")), None)
        if name is not None and np.size(hdu.data[name]) == n_pixel:
            return _angstrom(np.asarray(hdu.data[name], dtype=float).reshape(-1))
    header = image.header
    first, step = header.get("COEFF0", header.get("CRVAL1")), header.get("COEFF1", header.get("CDELT1"))
    step = header.get("CD1_1") if step is None else step
    if first is None or step is None:
        raise InputError(f"{path}: no wavelengths: neither an HDU WAVELENGTH nor COEFF0 or CRVAL1 in the header")
    return _angstrom(first + step * np.arange(n_pixel))


def _angstrom(values: np.ndarray) -> np.ndarray:
    return 10.0**values if values.max() < 10 else values


def _ivar(given: list, flux: np.ndarray, table: pd.DataFrame) -> np.ndarray:
    """Inverse variance of the file; else from S/N_i; 0 where there is nothing to go by or no flux."""
    if given:
        return np.asarray(given[0], dtype=np.float32)
    snr = np.nan_to_num(table["snri"].to_numpy(dtype=float), nan=100.0)
    level = np.nanmedian(np.abs(flux), axis=1)
    ivar = np.broadcast_to(((snr / np.maximum(level, 1e-30)) ** 2)[:, None], flux.shape).astype(np.float32)
    return np.where(np.isfinite(flux) & (flux != 0), ivar, 0).astype(np.float32)


def _checked(library: LibraryFile, path) -> LibraryFile:
    wavelength, needed = library.wavelength, INFO.grid.wavelength
    if not np.isfinite(wavelength).all() or (np.diff(wavelength) <= 0).any():
        raise InputError(f"{path}: wavelengths are not ascending numbers")
    if wavelength[0] > needed[0] * (1 + 1e-6) or wavelength[-1] < needed[-1] * (1 - 1e-6):
        raise InputError(
            f"{path}: spectra of {wavelength[0]:.0f}-{wavelength[-1]:.0f} A, "
            f"{needed[0]:.0f}-{needed[-1]:.0f} A are needed"
        )
    if np.diff(wavelength).max() > 3 * np.diff(needed).max():
        raise InputError(f"{path}: wavelengths have a step of {np.diff(wavelength).max():.1f} A: too coarse or a hole")
    bad = ~np.isfinite(library.table[list(LABELS)].to_numpy(dtype=float)).all(axis=1)
    if bad.all():
        raise InputError(f"{path}: no star with all of {', '.join(LABELS)}")
    return library
