"""One plate: its spectra made, observed and written as files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.lines import VACUUM_LINES
from mstars.core.randomness import rng as stream
from mstars.files.tables import write_table
from mstars.files.whole import temporary_beside
from mstars.simulate import fits_files
from mstars.simulate.emission import add_activity, add_emission_lines
from mstars.simulate.headers import plate_cards, spectrum_cards
from mstars.simulate.instrument import observe
from mstars.simulate.spectrum_maker import SpectrumMaker
from mstars.templates.library import LIBRARY_GRID

_CHUNK = 256


def write_plate(rows: pd.DataFrame, maker: SpectrumMaker, seed: int, folder: Path, table: Path) -> int:
    """Make and write the spectra of a plate.

    Parameters
    ----------
    rows : pandas.DataFrame
        The plate's rows of the plan.
    maker : SpectrumMaker
    seed : int
        ``survey.seed``; same seed, same bytes.
    folder : Path
        ``{obsdate}/{planid}``, replaced as a whole.
    table : Path
        Parquet of what the catalogues need to know: spectrum_key and S/N by band.

    Returns
    -------
    int
        Number of files.
    """
    write_table(_write_files(rows, maker, seed, Path(folder)), table)
    return len(rows)


def write_plates(rows: pd.DataFrame, maker: SpectrumMaker, seed: int, root: Path, table: Path) -> int:
    """`write_plate` for several plates.

    Parameters
    ----------
    rows : pandas.DataFrame
        Their rows of the plan.
    maker, seed
        As for `write_plate`.
    root : Path
        Gets the folders ``{obsdate}/{planid}``.
    table : Path
        One table of them all.

    Returns
    -------
    int
        Number of files.
    """
    measured = []
    for _, plate in rows.groupby("plate", sort=False):
        measured.append(_write_files(plate, maker, seed, plate_folder(plate, root)))
    write_table(pd.concat(measured, ignore_index=True), table)
    return len(rows)


def plate_folder(plate: pd.DataFrame, root: Path) -> Path:
    """``{obsdate}/{planid}`` below ``root``, where the files of a plate are."""
    return Path(root) / plate["obsdate"].iloc[0].replace("-", "") / plate["planid"].iloc[0]


def _write_files(rows: pd.DataFrame, maker: SpectrumMaker, seed: int, folder: Path) -> pd.DataFrame:
    """The files of a plate, and what their table says of them."""
    plate = rows["plate"].iloc[0]
    scratch = temporary_beside(folder)
    scratch.mkdir(parents=True)
    measured = []
    try:
        rows = rows.sort_values(["kind", "spectrum_key"], ignore_index=True)
        shared = plate_cards(rows.iloc[0], stream(seed, "simulate", plate, "header"))
        for start in range(0, len(rows), _CHUNK):
            part = rows.iloc[start : start + _CHUNK].reset_index(drop=True)
            measured.append(_write_chunk(part, maker, stream(seed, "simulate", plate, start), shared, scratch))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return pd.concat(measured, ignore_index=True).sort_values("spectrum_key", ignore_index=True)


def rest_spectra(part: pd.DataFrame, maker: SpectrumMaker, rng: np.random.Generator) -> np.ndarray:
    """Spectra at rest, with the emission that is planted.

    Parameters
    ----------
    part : pandas.DataFrame
        n rows of the plan.
    maker : SpectrumMaker
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, [n, pixel]
        On the library's grid.
    """
    flux = np.empty((len(part), LIBRARY_GRID.size))
    for kind in part["kind"].unique():
        index = np.flatnonzero((part["kind"] == kind).to_numpy())
        flux[index] = maker.make(kind, part.iloc[index], rng)
    emission = (part["planted_rv"] == "emission").to_numpy()
    if emission.any():
        add_activity(flux, emission, rng, strong=True)
    nebula = emission & (rng.random(len(part)) < 0.3)
    if nebula.any():
        lines = [VACUUM_LINES[name] for name in ("[N II] 6550", "[N II] 6585", "[S II] 6718", "[S II] 6733")]
        inside = flux[nebula]
        add_emission_lines(inside, LIBRARY_GRID, lines, [2.0, 6.0, 3.0, 2.5], rng)
        flux[nebula] = inside
    return flux


def _write_chunk(part: pd.DataFrame, maker: SpectrumMaker, rng, shared: dict, folder: Path) -> pd.DataFrame:
    seen = observe(rest_spectra(part, maker, rng), part, rng)
    coadd = part["layout"].iloc[0] == "coadd"
    normal = fits_files.normalisation(seen.flux) if coadd else None
    draws = rng.random((len(part), 6))
    for number, row in enumerate(part.itertuples(index=False)):
        pixels = fits_files.pixels_of(row.layout, row.fiberid)
        snr = {band: float(values[number]) for band, values in seen.snr.items()}
        values = {**shared, **spectrum_cards(row, snr, draws[number])}
        arrays = [array[number, :pixels] for array in (seen.flux, seen.ivar, seen.andmask, seen.ormask)]
        data = (
            fits_files.coadd_file(values, *arrays, normal[number, :pixels])
            if coadd
            else fits_files.image_file(values, *arrays)
        )
        name = row.filename
        (folder / name).write_bytes(fits_files.gzipped(data, name.removesuffix(".gz")))
    bands = {f"snr{band}": np.round(values, 2) for band, values in seen.snr.items()}
    return pd.DataFrame({"spectrum_key": part["spectrum_key"].to_numpy(), **bands})
