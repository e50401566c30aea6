"""The catalogues of a simulated survey: LAMOST's, Gaia, Bailer-Jones, AllWISE, APOGEE, and the dust map."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.table import Table

from mstars.core.randomness import rng as stream
from mstars.files.whole import atomic_path
from mstars.simulate.dust_map import write_dust
from mstars.simulate.fits_files import gzipped
from mstars.simulate.lamost_tables import lamost_tables
from mstars.simulate.sky_tables import allwise_table, apogee_table, distance_table, gaia_table, with_quality


def write_catalogs(plan: pd.DataFrame, measured: pd.DataFrame, size: str, seed: int, folder: str | Path) -> None:
    """Write every catalogue of the survey.

    Parameters
    ----------
    plan : pandas.DataFrame
        `draw_survey`.
    measured : pandas.DataFrame
        S/N by band of the written spectra, by spectrum_key (`write_plate`).
    size : str
        A key of `SIZES`.
    seed : int
        ``survey.seed``.
    folder : str or Path
        ``results/{survey}/sim``.
    """
    folder = Path(folder) / "catalogs"
    rows = plan.merge(measured, on="spectrum_key", validate="one_to_one")
    gaia = with_quality(gaia_table(plan, stream(seed, "simulate", "gaia")), stream(seed, "simulate", "gaia_quality"))
    for name, table in lamost_tables(rows, gaia, stream(seed, "simulate", "lamost")).items():
        _write_fits(table, folder / f"lamost_{name}.fits.gz")
    _write_fits(gaia.drop(columns="star"), folder / "gaia_dr3.fits")
    _write_fits(distance_table(plan, gaia, stream(seed, "simulate", "distances")), folder / "bailer_jones.fits")
    _write_fits(allwise_table(plan, stream(seed, "simulate", "allwise")), folder / "allwise.fits")
    _write_fits(apogee_table(plan, stream(seed, "simulate", "apogee")), folder / "apogee_dr16.fits")
    write_dust(size, stream(seed, "simulate", "dust"), folder.parent / "dust" / "bayestar.h5")


def _write_fits(frame: pd.DataFrame, path: Path) -> None:
    table = Table.from_pandas(frame)
    for name in table.colnames:
        if table[name].dtype.kind == "O":
            table[name] = np.asarray(frame[name].fillna("").astype(str), dtype="U")
    with atomic_path(path) as temporary:
        table.write(temporary, format="fits", overwrite=True)
        if path.name.endswith(".gz"):
            _drop_time(temporary)


def _drop_time(path: Path) -> None:
    """Same bytes whenever it is written: no time stamp or temporary name in the gzip header."""
    path.write_bytes(gzipped(gzip.decompress(path.read_bytes()), "catalog.fits"))
