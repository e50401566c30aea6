"""One plate: its spectra made, observed and written as files."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.lines import VACUUM_LINES
from mstars.core.randomness import rng as stream
from mstars.files.tables import write_table
from mstars.simulate import fits_files
from mstars.simulate.emission import add_activity, add_emission_lines
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
    """`write_plate` for the rows of several plates: folders ``root/{obsdate}/{planid}`` and one table of them all."""
    measured = []
    for _, plate in rows.groupby("plate", sort=False):
        folder = Path(root) / plate["obsdate"].iloc[0].replace("-", "") / plate["planid"].iloc[0]
        measured.append(_write_files(plate, maker, seed, folder))
    write_table(pd.concat(measured, ignore_index=True), table)
    return len(rows)


def _write_files(rows: pd.DataFrame, maker: SpectrumMaker, seed: int, folder: Path) -> pd.DataFrame:
    """The files of a plate; what `write_plate` tells of them."""
    plate = rows["plate"].iloc[0]
    scratch = folder.with_name(f".{uuid.uuid4().hex[:8]}.{folder.name}")
    scratch.mkdir(parents=True)
    measured = []
    try:
        rows = rows.sort_values(["kind", "spectrum_key"], ignore_index=True)
        shared = _plate_cards(rows.iloc[0], stream(seed, "simulate", plate, "header"))
        for start in range(0, len(rows), _CHUNK):
            part = rows.iloc[start : start + _CHUNK].reset_index(drop=True)
            measured.append(_write_chunk(part, maker, stream(seed, "simulate", plate, start), shared, scratch))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return pd.concat(measured, ignore_index=True).sort_values("spectrum_key", ignore_index=True)


def _make(part: pd.DataFrame, maker: SpectrumMaker, rng) -> np.ndarray:
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
    seen = observe(_make(part, maker, rng), part, rng)
    coadd = part["layout"].iloc[0] == "coadd"
    normal = fits_files.normalisation(seen.flux) if coadd else None
    draws = rng.random((len(part), 6))
    for number, row in enumerate(part.itertuples(index=False)):
        pixels = fits_files.pixels_of(row.layout, row.fiberid)
        snr = {band: float(values[number]) for band, values in seen.snr.items()}
        values = {**shared, **_spectrum_cards(row, snr, draws[number])}
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


def _plate_cards(row, rng) -> dict:
    """Header values that all spectra of a plate share."""
    coadd = row["layout"] == "coadd"
    start = np.datetime64(row["obsdate"]) + np.timedelta64(int(row["ut_minutes"]), "m")
    local = start + np.timedelta64(8 * 60, "m")
    exposures = int(rng.integers(2, 4))
    minute = int((row["lmjd"] * 1440) + 600 + row["ut_minutes"])
    return {
        "DATA_V": "LAMOST DR9" if coadd else "LAMOST DR6",
        "DATE": "2023-03-13T03:43:28" if coadd else "2019-03-05T10:17:09",
        "DATE-OBS": f"{start}:{rng.uniform(0, 59):05.2f}" if coadd else f"{start}:00",
        "DATE-BEG": f"{local - np.timedelta64(20, 'm')}:{int(rng.integers(0, 59)):02d}.0",
        "DATE-END": f"{local + np.timedelta64(25, 'm')}:{int(rng.integers(0, 59)):02d}.0",
        "LMJMLIST": "-".join(str(minute + 15 * number) for number in range(exposures)),
        "NEXP": exposures,
        "NEXP_B": exposures,
        "NEXP_R": exposures,
        "EXPT_B": 600.0 * exposures,
        "EXPT_R": 600.0 * exposures,
        "EXPTIME": 600.0 * exposures,
        "BESTEXP": minute,
        "SCAMEAN": rng.uniform(2.5, 9.0),
        "TEMPCCDB": rng.uniform(-127, -110) if coadd else -999.0,
        "TEMPCCDR": rng.uniform(-197, -120) if coadd else -999.0,
        "SEEING": rng.uniform(2.2, 4.2),
        "MOONPHA": rng.uniform(0, 29.5),
        "TEMP_AIR": rng.uniform(-12, 18),
        "TEMP_FP": rng.uniform(-5, 20) if coadd else -999.0,
        "DEWPOINT": rng.uniform(-20, 8),
        "DUST": "",
        "HUMIDITY": rng.uniform(0.15, 0.8),
        "WINDD": rng.uniform(0, 360),
        "WINDS": rng.uniform(0, 6),
        "SKYLEVEL": "",
        "VERSPIPE": "v2.9.8" if coadd else "v2.9.7",
    }


def _designation(ra: float, dec: float) -> str:
    seconds, arcsec = ra / 15 * 3600, abs(dec) * 3600
    hour, minute = int(seconds // 3600), int(seconds % 3600 // 60)
    degree, arcmin = int(arcsec // 3600), int(arcsec % 3600 // 60)
    sign = "-" if dec < 0 else "+"
    second, left = int(seconds % 60 * 100) / 100, int(arcsec % 60 * 10) / 10
    return f"LAMOST J{hour:02d}{minute:02d}{second:05.2f}{sign}{degree:02d}{arcmin:02d}{left:04.1f}"


def subclass_of(row, draw: float) -> tuple[str, str]:
    """CLASS and SUBCLASS as the pipeline would write them, its mistakes included."""
    if row.role == "candidate":
        teff = row.teff if 2800 < row.teff < 4300 else 3700 - 500 * (draw - 0.5)
        ladder = [3900, 3850, 3660, 3560, 3430, 3210, 3060, 2810, 2680, 2570]
        giants = [4000, 3895, 3810, 3736, 3666, 3574, 3434, 3309, 3126, 2890]
        number = int(
            np.interp(-teff, -np.array(giants if row.lamost_class == "gM" else ladder), np.arange(10)) + draw * 0.8
        )
        prefix = (
            ""
            if row.layout == "image" and row.lamost_class != "gM"
            else {"sdM": "sd", "gM": "g"}.get(row.lamost_class, "d")
        )
        return "STAR", f"{prefix}M{min(number, 9)}"
    if row.true_class in ("GALAXY", "QSO"):
        return row.true_class, ""
    if row.true_class == "WD":
        return "STAR", "WD"
    limits = {"OB": ("B6", 30000, 10000), "A": ("A", 9800, 7100), "F": ("F", 7100, 6020), "G": ("G", 6020, 4790)}
    letter, hot, cold = limits.get(row.true_class, ("K", 4790, 4050))
    if len(letter) == 2:
        return "STAR", "B6" if row.teff < 20000 else "OB"
    return "STAR", f"{letter}{min(max(int(10 * (hot - row.teff) / (hot - cold)), 0), 9)}"


def _spectrum_cards(row, snr: dict, draw: np.ndarray) -> dict:
    """Header values of one spectrum."""
    name = row.filename.removesuffix(".gz")
    spectral_class, subclass = subclass_of(row, draw[0])
    values = {
        "FILENAME": name,
        "OBSID": row.obsid,
        "LMJD": row.lmjd,
        "MJD": row.lmjd - 1,
        "PLANID": row.planid,
        "RA": row.ra_cat,
        "DEC": row.dec_cat,
        "RA_OBS": row.ra_cat,
        "DEC_OBS": row.dec_cat,
        "DESIG": _designation(row.ra_cat, row.dec_cat),
        "FIBERID": row.fiberid,
        "CELL_ID": f"{'ABCDEFGH'[row.spid % 8]}{row.fiberid % 36:02d}{row.spid:02d}",
        "X_VALUE": f"{1600 * (draw[1] - 0.5):.10f}",
        "Y_VALUE": f"{1600 * (draw[2] - 0.5):.10f}",
        "OBJNAME": str(int(2.2e14 + 1e12 * draw[3])),
        "SPID": row.spid,
        "SPRA": row.ra_cat + 0.4 * (draw[1] - 0.5),
        "SPDEC": row.dec_cat + 0.4 * (draw[2] - 0.5),
        "NSKIES": 17 + int(8 * draw[4]),
        "SKYCHI2": 1.6 + draw[4],
        "SCHI2MIN": 1.3 + 0.3 * draw[4],
        "SCHI2MAX": 2.4 + 2 * draw[4],
        "NSTD": 4,
        "FSTAR": "-".join(str(1 + (37 * (number + 1) * row.spid) % 250) for number in range(4)),
        "FCBY": "catalog",
        "HELIO_RV": row.helio_rv,
        "CLASS": spectral_class,
        "SUBCLASS": subclass,
        "Z": row.z,
        "Z_ERR": row.z_err,
        "ZFLAG": "PIPELINE" if subclass.lstrip("dgs").startswith("M") else "LASP",
    }
    values.update({f"SNR{band.upper()}": value for band, value in snr.items()})
    i_mag = row.g_mag - 0.3 * row.bp_rp
    if row.layout == "coadd":
        values["FIB_MASK"] = 0
        colours = (("G", 1.3), ("R", 0.35), ("I", 0.0), ("Z", -0.2), ("Y", -0.3))
        values.update({f"MAG_PS_{band}": i_mag + slope * row.bp_rp for band, slope in colours})
    else:
        values.update({"FIBERMAS": 0, "MAGTYPE": "gri"})
        magnitudes = [i_mag + 1.3 * row.bp_rp, i_mag + 0.35 * row.bp_rp, i_mag, 99.0, 99.0, 99.0, 99.0]
        values.update({f"MAG{number}": value for number, value in enumerate(magnitudes, 1)})
    return values
