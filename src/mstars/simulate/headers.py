"""Header cards of simulated files: what LAMOST's pipeline writes about a plate and a spectrum."""

from __future__ import annotations

import numpy as np
import pandas as pd


def plate_cards(row: pd.Series, rng: np.random.Generator) -> dict:
    """Header values that all spectra of a plate share.

    Parameters
    ----------
    row : pandas.Series
        One row of the plan (`mstars.simulate.observations.draw_survey`).
    rng : numpy.random.Generator

    Returns
    -------
    dict
        By keyword.
    """
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


def designation(ra: float, dec: float) -> str:
    """LAMOST's name of a place.

    Parameters
    ----------
    ra, dec : float
        Degrees.

    Returns
    -------
    str
    """
    seconds, arcsec = ra / 15 * 3600, abs(dec) * 3600
    hour, minute = int(seconds // 3600), int(seconds % 3600 // 60)
    degree, arcmin = int(arcsec // 3600), int(arcsec % 3600 // 60)
    sign = "-" if dec < 0 else "+"
    second, left = int(seconds % 60 * 100) / 100, int(arcsec % 60 * 10) / 10
    return f"LAMOST J{hour:02d}{minute:02d}{second:05.2f}{sign}{degree:02d}{arcmin:02d}{left:04.1f}"


def subclass_of(row, draw: float) -> tuple[str, str]:
    """CLASS and SUBCLASS as the pipeline would write them, its mistakes included.

    Parameters
    ----------
    row : namedtuple
        One row of the plan.
    draw : float
        Between 0 and 1: which mistake.

    Returns
    -------
    spectral_class, subclass : str
    """
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


def spectrum_cards(row, snr: dict, draw: np.ndarray) -> dict:
    """Header values of one spectrum.

    Parameters
    ----------
    row : namedtuple
        One row of the plan.
    snr : dict of str to float
        S/N by band.
    draw : ndarray, [6]
        Between 0 and 1, for what no one reads.

    Returns
    -------
    dict
        By keyword.
    """
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
        "DESIG": designation(row.ra_cat, row.dec_cat),
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
    return values | {f"SNR{band.upper()}": value for band, value in snr.items()} | _magnitude_cards(row)


def _magnitude_cards(row) -> dict:
    """The target's magnitudes, with the names of the layout."""
    i_mag = row.g_mag - 0.3 * row.bp_rp
    if row.layout == "coadd":
        colours = (("G", 1.3), ("R", 0.35), ("I", 0.0), ("Z", -0.2), ("Y", -0.3))
        return {"FIB_MASK": 0} | {f"MAG_PS_{band}": i_mag + slope * row.bp_rp for band, slope in colours}
    magnitudes = [i_mag + 1.3 * row.bp_rp, i_mag + 0.35 * row.bp_rp, i_mag, 99.0, 99.0, 99.0, 99.0]
    named = {f"MAG{number}": value for number, value in enumerate(magnitudes, 1)}
    return {"FIBERMAS": 0, "MAGTYPE": "gri"} | named
