"""Tiny writers of LAMOST files, with astropy, in every layout of the releases (cards as in real files)."""

import gzip
from pathlib import Path

import numpy as np
from astropy.io import fits

KEY = dict(lmjd=56000, planid="GAC089N28V1", spid=4, fiberid=123)
LAYOUTS = ("subcontinuum", "image", "coadd")


def arrays(n_pixel=3909, seed=1):
    """Flux, ivar, ormask and wavelength of a spectrum on LAMOST's grid."""
    random = np.random.default_rng(seed)
    ormask = np.zeros(n_pixel, np.float32)
    ormask[100:110] = 4
    return {
        "flux": random.normal(100, 5, n_pixel).astype(np.float32),
        "ivar": random.uniform(0.5, 1, n_pixel).astype(np.float32),
        "ormask": ormask,
        "wavelength": (10 ** (3.5682 + 1e-4 * np.arange(n_pixel))).astype(np.float32),
    }


def header(layout="image", **cards):
    """Primary header of a layout; a value of None leaves a card out."""
    values = {
        "OBSID": None if layout == "subcontinuum" else 123404123,
        "DATA_V": None if layout == "subcontinuum" else "LAMOST DR5" if layout == "image" else "LAMOST DR10",
        "DATE": "2019-06-13T08:03:16",
        "DATE-OBS": "2012-03-13T12:34:56.0",
        "LMJD": KEY["lmjd"],
        "MJD": KEY["lmjd"] - 1,
        "PLANID": KEY["planid"],
        "SPID": KEY["spid"],
        "FIBERID": KEY["fiberid"],
        "RA": 99.989574,
        "DEC": 27.028049,
        "DESIG": "LAMOST J063957.49+270140.9 / it's a 'test'",
        "HELIO_RV": -26.54,
        "VACUUM": True,
        "COEFF0": 3.5682,
        "COEFF1": 1e-4,
        "VERSPIPE": {"subcontinuum": "v2.6.4", "image": "v2.9.7", "coadd": "v2.9.8"}[layout],
        "CLASS": "STAR",
        "SUBCLASS": "dM3" if layout == "coadd" else "M3",
        "Z": 0.00010681,
        "Z_ERR": 1.77e-6,
    }
    names = "SN_{}" if layout == "subcontinuum" else "SNR{}"
    values |= {names.format(band): 10.0 + number for number, band in enumerate("UGRIZ")}
    if layout != "subcontinuum":
        values |= {"RA_OBS": 99.9896, "DEC_OBS": 27.028}
    result = fits.Header()
    for name, value in (values | cards).items():
        if value is not None:
            result[name.replace("_HYPHEN_", "-")] = value
    return result


def write(path, layout="image", data=None, *, compress=True, n_row=None, **cards):
    """Write a spectrum file; ``n_row`` other than the layout's makes a bad one. Returns the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = arrays() if data is None else data
    top = header(layout, **cards)
    if layout == "coadd":
        names = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK", "NORMALIZATION")
        vectors = [data["flux"], data["ivar"], data["wavelength"], data["ormask"] * 0, data["ormask"], data["flux"]]
        columns = [
            fits.Column(name, f"{len(vector)}E", array=np.repeat(vector[None], n_row or 1, axis=0))
            for name, vector in zip(names, vectors, strict=True)
        ]
        hdus = fits.HDUList([fits.PrimaryHDU(header=top), fits.BinTableHDU.from_columns(columns, name="COADD")])
    else:
        third = data["flux"] * 0.9 if layout == "subcontinuum" else data["wavelength"]
        rows = np.stack([data["flux"], data["ivar"], third, data["ormask"] * 0, data["ormask"]]).astype(np.float32)
        hdus = fits.HDUList([fits.PrimaryHDU(rows[:n_row], header=top)])
    raw = path.with_name(path.name + ".tmp")
    hdus.writeto(raw, overwrite=True)
    content = raw.read_bytes()
    raw.unlink()
    path.write_bytes(gzip.compress(content, 1, mtime=0) if compress else content)
    return path


def stem(lmjd=KEY["lmjd"], planid=KEY["planid"], spid=KEY["spid"], fiberid=KEY["fiberid"]):
    """Name of the file in a release, without suffix."""
    return f"spec-{lmjd}-{planid}_sp{spid:02d}-{fiberid:03d}"
