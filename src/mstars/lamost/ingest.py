"""From the files of a plan to stores: every file becomes a row of spectra or a row of `rejected`, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.snr import SNR
from mstars.files.stores import read_header, read_rejected
from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.catalogs import text_column
from mstars.lamost.grid import place_on_grid
from mstars.lamost.header import HEADER_DTYPES, header_table
from mstars.lamost.layouts import FileSpectrum
from mstars.lamost.pixels import CONSTANT, FEW, LEAST_GOOD, MASKED, NEGATIVE, USABLE, clear_unusable
from mstars.lamost.reader import read_spectrum
from mstars.lamost.snr import fill_snr, is_doubtful
from mstars.spectra.arms import missing_arms
from mstars.spectra.container import SpectrumSet
from mstars.spectra.ormask import mask_fraction
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength

SPECTRUM_COLUMNS = {
    "layout": "str", "n_good": "int64", "n_pixel": "int64", "resampled": "bool",
    "orp_u": "float64", "orp_g": "float64", "orp_r": "float64", "orp_i": "float64", "orp_z": "float64",
    "frame": "str", "missing_arm": "str", "snr_from_pixels": "str",
}  # fmt: skip
"""What ingest adds to the header values of a spectrum: layout of the file, good pixels, pixels in the file, whether it
was resampled onto the grid, the masked fraction of each band, the frame of the wavelengths as the file has them (see
`mstars.lamost.proof.frame_of`), the arms without data (see `mstars.spectra.arms`), and the bands whose S/N is the
pixels' and not the header's (see `mstars.lamost.snr`)."""

_FROM_FILE = ("layout", "n_pixel", "resampled", "frame", "snr_from_pixels")

REJECTED_COLUMNS = {
    "spectrum_key": "str", "obsid": "Int64", "filename": "str", "path": "str", "plate": "str", "batch": "str",
    "role": "str", "stage": "str", "reason": "str",
}  # fmt: skip
"""Rows of `rejected`. ``spectrum_key`` is empty where nothing tells it; ``stage`` is plan or ingest."""


def rejected_table(rows: list[dict] | pd.DataFrame) -> pd.DataFrame:
    """Rejected rows with fixed columns and types (also when empty); missing values are '' or null."""
    table = pd.DataFrame(rows).reindex(columns=list(REJECTED_COLUMNS))
    for column, dtype in REJECTED_COLUMNS.items():
        table[column] = text_column(table[column]) if dtype == "str" else table[column].astype(dtype)
    return table


def ingest_batch(
    plan: pd.DataFrame, read: Callable[[str, str], FileSpectrum] = read_spectrum
) -> tuple[SpectrumSet, pd.DataFrame, pd.DataFrame]:
    """Read the files of one batch onto the common grid.

    Parameters
    ----------
    plan : pandas.DataFrame
        Rows of a plan: spectrum_key, filename, path, plate, batch, role.
    read : callable, optional
        Reader of a path; the tests put astropy's here.

    Returns
    -------
    spectra : SpectrumSet
        The usable spectra in the plan's order. Pixels without a finite flux and inverse variance are 0 in both.
    header : pandas.DataFrame
        Their header values and `SPECTRUM_COLUMNS`.
    rejected : pandas.DataFrame
        The others, with the reason. Both tables together have the plan's number of rows.
    """
    n = len(plan)
    flux, ivar = np.zeros((n, N_PIXEL), np.float32), np.zeros((n, N_PIXEL), np.float32)
    ormask = np.zeros((n, N_PIXEL), np.uint8)
    values, rejected, taken = [], [], []
    wanted = zip(*(plan[name].tolist() for name in ("path", "filename", "spectrum_key")), strict=True)
    for number, (path, filename, key) in enumerate(wanted):
        try:
            spectrum = read(path, filename)
            _check_key(spectrum.values["spectrum_key"], key)
            resampled = place_on_grid(spectrum, flux[number], ivar[number], ormask[number])
        except UnusableSpectrum as error:
            rejected.append((number, str(error)))
            continue
        of_file = {"layout": spectrum.layout, "n_pixel": len(spectrum.flux), "frame": spectrum.frame}
        values.append({**spectrum.values, **of_file, "resampled": resampled})
        taken.append(number)
    taken = np.array(taken, dtype=np.int64)
    if len(taken) < n:
        flux, ivar, ormask = flux[taken], ivar[taken], ormask[taken]
    n_good, found = clear_unusable(flux, ivar, ormask)
    doubtful = is_doubtful([[of_row[name] for name in SNR] for of_row in values])
    for row, of_row in enumerate(values):
        of_row["snr_from_pixels"] = fill_snr(of_row, flux[row], ivar[row]) if doubtful[row] else ""
    keys = np.array([row["spectrum_key"] for row in values], dtype=str)
    spectra = SpectrumSet(flux, ivar, ormask, lamost_wavelength(), keys)
    header = _header(values, spectra, n_good)
    keep = found == USABLE
    rejected += [(int(number), _unusable(why)) for number, why in zip(taken[~keep], found[~keep], strict=True)]
    if not keep.all():
        spectra, header = spectra.select(keep), header[keep].reset_index(drop=True)
    return spectra, header, _rejected_of(plan, rejected)


def _unusable(found: int) -> str:
    """The reason for what `mstars.lamost.pixels.clear_unusable` found."""
    reasons = {MASKED: "all pixels masked", CONSTANT: "no usable flux: constant", NEGATIVE: "no usable flux: negative"}
    reasons[FEW] = f"no usable flux: fewer than {LEAST_GOOD} good pixels"
    return reasons.get(int(found), "no usable flux: all zero or not finite")


def _check_key(found: str, planned: str) -> None:
    if found != planned:
        raise UnusableSpectrum(f"the file holds {found}, the plan says {planned}")


def _header(values: list[dict], spectra: SpectrumSet, n_good: np.ndarray) -> pd.DataFrame:
    header = header_table(values, {name: SPECTRUM_COLUMNS[name] for name in _FROM_FILE})
    header["n_good"] = n_good
    header["missing_arm"] = pd.Series(missing_arms(spectra), index=header.index).astype("str")
    for name, fraction in mask_fraction(spectra).items():
        header[name] = fraction
    return header[[*HEADER_DTYPES, *SPECTRUM_COLUMNS]]


def _rejected_of(plan: pd.DataFrame, rejected: list[tuple[int, str]]) -> pd.DataFrame:
    rejected = sorted(rejected)
    rows = plan.iloc[[number for number, _ in rejected]].copy()
    rows["reason"] = [reason for _, reason in rejected]
    rows["stage"] = "ingest"
    return rejected_table(rows)


def summarise(stores: list[Path | str], plan: pd.DataFrame, plan_rejected: pd.DataFrame):
    """Put the batches' tables together and check that nothing was lost.

    Parameters
    ----------
    stores : list of paths
        The batches' stores, named ``{batch}.h5``.
    plan : pandas.DataFrame
        The whole plan.
    plan_rejected : pandas.DataFrame
        What the plan rejected.

    Returns
    -------
    spectra : pandas.DataFrame
        One row a spectrum: header values, `SPECTRUM_COLUMNS`, plate, role, batch and its ``row`` there.
    rejected : pandas.DataFrame
        All rejected rows, the plan's first.

    Raises
    ------
    RuntimeError
        A planned file is neither a spectrum nor rejected.
    """
    headers, rejections = [], [rejected_table(plan_rejected)]
    place = pd.Index(plan["spectrum_key"])
    for path in stores:
        header = read_header(path)
        rows = place.get_indexer(header["spectrum_key"])
        of_plan = plan[["plate", "role"]].take(rows).reset_index(drop=True).where(pd.Series(rows >= 0))
        headers.append(header.assign(batch=Path(path).stem, row=np.arange(len(header)), **of_plan))
        rejections.append(rejected_table(read_rejected(path)))
    spectra = _under_each_other(headers or [header_table([]).assign(batch="", row=0, plate="", role="")])
    if not spectra["spectrum_key"].is_unique:
        raise RuntimeError("a spectrum is in two stores")
    at_ingest = sum(map(len, rejections[1:]))
    if len(spectra) + at_ingest != len(plan):
        raise RuntimeError(f"{len(plan)} planned files, but {len(spectra)} spectra and {at_ingest} rejected rows")
    return spectra, pd.concat(rejections, ignore_index=True)


def _under_each_other(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Tables with the same columns as one, and empty afterwards: column by column, so that none is held twice."""
    columns = {
        name: pd.concat([table.pop(name) for table in tables], ignore_index=True) for name in list(tables[0].columns)
    }
    return pd.DataFrame(columns, copy=False)


def summary_lines(spectra: pd.DataFrame, rejected: pd.DataFrame) -> list[str]:
    """The counts of a survey's ingest as lines of text."""
    lines = [f"{'':34s}{'candidate':>10s}{'train':>10s}"]

    def line(label, roles):
        counts = roles.value_counts()
        lines.append(f"{label:34s}{counts.get('candidate', 0):10d}{counts.get('train', 0):10d}")

    line("input", pd.concat([spectra["role"], rejected["role"]]))
    line("spectra", spectra["role"])
    line("  resampled (off the grid)", spectra["role"][spectra["resampled"]])
    line("  without OBSID", spectra["role"][spectra["obsid"].isna()])
    line("rejected", rejected["role"])
    kinds = rejected["reason"].str.replace(r"[:;(].*", "", regex=True).str.slice(0, 32)
    for kind, group in rejected.groupby(kinds, sort=True):
        line(f"  {kind}", group["role"])
    return lines
