"""The dust map of a simulated survey, in the format of Bayestar."""

from __future__ import annotations

from pathlib import Path

import h5py
import healpy
import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from mstars.files.whole import atomic_path
from mstars.simulate.population import dust_share
from mstars.simulate.sizes import plates


def write_dust(size: str, rng, path: str | Path, nside: int = 16) -> None:
    """A Bayestar-format map (whole sky north of -30 degrees) that agrees with the stars' reddening.

    Parameters
    ----------
    size : str
        A key of `mstars.simulate.sizes.SIZES`.
    rng : numpy.random.Generator
    path : str or Path
    nside : int
        HEALPix resolution.
    """
    pixels = np.arange(12 * nside**2)
    lon, lat = healpy.pix2ang(nside, pixels, nest=True, lonlat=True)
    places = SkyCoord(l=lon * u.deg, b=lat * u.deg, frame="galactic")
    sky = places.icrs
    keep = sky.dec.deg > -30
    total = np.clip(0.03 / np.maximum(np.abs(np.sin(np.radians(lat))), 0.05), 0.01, 0.8)
    for plate in plates(size):
        centre = SkyCoord(plate["centre"][0] * u.deg, plate["centre"][1] * u.deg)
        total = np.where(sky.separation(centre).deg < 7.0, plate["dust"], total)
    modulus = np.linspace(4.0, 19.0, 61)
    distance = 10 ** (1 + modulus / 5)
    best = (total[:, None] * dust_share(distance)[None] / 0.884).astype("f4")[keep]
    samples = np.clip(best[:, None] * (1 + 0.06 * rng.standard_normal((len(best), 5, 1))), 0, None).astype("f4")
    info = np.zeros(
        keep.sum(),
        [
            ("nside", "<u4"),
            ("healpix_index", "<u8"),
            ("converged", "u1"),
            ("DM_reliable_min", "<f4"),
            ("DM_reliable_max", "<f4"),
            ("n_stars", "<u4"),
        ],
    )
    info["nside"], info["healpix_index"], info["converged"] = nside, pixels[keep], 1
    info["DM_reliable_min"], info["DM_reliable_max"], info["n_stars"] = 5.0, 15.5, 200
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.create_dataset("pixel_info", data=info).attrs["DM_bin_edges"] = modulus
        file.create_dataset("samples", data=samples, compression="gzip", compression_opts=1)
        file.create_dataset("best_fit", data=best, compression="gzip", compression_opts=1)
