"""Time and memory of the crossmatch by cells: DR10's 876,134 spectra with a made-up Gaia in the HATS layout.

The sources are spread evenly over the sky; the spectra are of sources between declination -10 and +60, at their places
of the year 2000. Times are processor seconds of this process, without the start of each job (about 1 s).
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from astropy_healpix import healpy

from mstars.core.config.whole import filled
from mstars.files.tables import read_table, write_table
from mstars.sky.cells import plan_cells
from mstars.sky.crossmatch import propagate
from mstars.sky.gaia import gaia_of_cell, with_stars

ORDER = 3


def made_up_gaia(folder: Path, sources: int, spectra: int, seed: int = 1) -> pd.DataFrame:
    """Write a HATS folder of so many sources, and return the spectra."""
    rng = np.random.default_rng(seed)
    pixels = 12 * 4**ORDER
    each, chosen = sources // pixels, []
    share = spectra / sources / 0.52  # of the sky between these declinations
    for pixel in range(pixels):
        shift = 2 * (29 - ORDER)
        index = np.sort(rng.integers(pixel << shift, (pixel + 1) << shift, each))
        ra, dec = healpy.pix2ang(2**29, index, nest=True, lonlat=True)
        table = pd.DataFrame({"_healpix_29": index, "source_id": index, "ra": ra, "dec": dec})
        table["pmra"], table["pmdec"] = rng.normal(0, 20, (2, each)).round()
        table = table.assign(parallax=1.0, parallax_error=0.1, ruwe=1.0, r_med_geo=1000.0)
        for band, mag in {"g": 15.0, "bp": 16.0, "rp": 14.0}.items():
            table[f"phot_{band}_mean_mag"], table[f"phot_{band}_mean_flux_over_error"] = mag, 100.0
        path = folder / "dataset" / f"Norder={ORDER}" / "Dir=0" / f"Npix={pixel}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"use_dictionary": list(table.columns.drop(["_healpix_29", "source_id", "ra", "dec"]))}
        options["column_encoding"] = dict.fromkeys(("_healpix_29", "source_id"), "DELTA_BINARY_PACKED")
        table.to_parquet(path, index=False, compression="zstd", row_group_size=50_000, **options)
        inside = (dec > -10) & (dec < 60) & (rng.random(each) < share)
        chosen.append(table.loc[inside, ["source_id", "ra", "dec", "pmra", "pmdec"]])
    stars = pd.concat(chosen, ignore_index=True).head(spectra)
    ra, dec = propagate(*(stars[name].to_numpy(float) for name in ("ra", "dec", "pmra", "pmdec")), -16.0)
    rows = pd.DataFrame({"spectrum_key": [f"56000-P-sp01-{number:07d}" for number in range(len(stars))]})
    rows["ra"], rows["dec"], rows["obsdate"], rows["mjd"] = ra, dec, "2014-05-06", 56783
    return rows.assign(gaia_source_id=stars["source_id"].astype("Int64"))


def measure(sources: int, spectra: int, place: str | None) -> dict:
    """Make the catalogue up, plan the cells and match each of them."""
    settings = filled({})["crossmatch"]
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        rows = made_up_gaia(folder / "gaia", sources, spectra)
        disk = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
        start = time.process_time()
        table, facts = plan_cells(rows, settings["cells"])
        planned = time.process_time() - start
        write_table(table, folder / "cells.parquet")
        del table
        parts, seconds = [], []
        for cell in facts:
            start = time.process_time()
            spectra_of_cell = read_table(folder / "cells.parquet", cell=cell)
            write_table(gaia_of_cell(spectra_of_cell, folder / "gaia", None, settings), folder / f"{cell}.result")
            seconds.append(time.process_time() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.process_time()
        parts = pd.concat([read_table(folder / f"{cell}.result") for cell in facts], ignore_index=True)
        whole = with_stars(parts, rows, settings["radius_arcsec"])
        joined = time.process_time() - start
    right = (whole["source_id"] == rows["gaia_source_id"]).sum()
    found = {"sources": sources, "spectra": len(rows), "cells": len(facts), "catalogue_mb": round(disk / 1e6)}
    found |= {"plan_cpu_s": round(planned, 2), "cells_cpu_s": round(sum(seconds), 1), "join_cpu_s": round(joined, 1)}
    found |= {"longest_cell_cpu_s": round(max(seconds), 1), "peak_mb": round(peak)}
    return found | {"right_source": round(float(right) / len(rows), 5)}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=10_000_000)
    parser.add_argument("--spectra", type=int, default=876_134)
    parser.add_argument("--place", help="folder for the made-up catalogue (2 GB for 100 million sources)")
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
