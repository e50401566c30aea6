"""LAMOST's catalogue and folder tree of a small release."""

import gzip

import numpy as np
import pandas as pd
from astropy.table import Table

C = 299792.458


def catalog(n=4, **changes):
    """Rows of a LAMOST catalogue: n fibres of two plates."""
    number = np.arange(n)
    table = pd.DataFrame(
        {
            "obsid": 100 + number,
            "obsdate": "2012-03-13",
            "lmjd": 56000,
            "mjd": 55999,
            "planid": np.where(number % 2 == 0, "P1", "P2"),
            "spid": 4,
            "fiberid": 1 + number,
            "ra_obs": 10.0 + number,
            "dec_obs": 20.0,
            "ra": 10.0 + number,
            "dec": 20.0,
            **{f"snr{band}": 10.0 for band in "ugriz"},
            "class": "STAR",
            "subclass": "dM3",
            "z": 1e-4,
            "z_err": 1e-5,
            "gaia_source_id": 4611686018427387905 + number,
        }
    )
    return table.assign(**changes)


def write_catalog(table, path):
    if ".csv" in path.name:
        text = table.to_csv(sep="|", index=False)
        path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    else:
        Table.from_pandas(table).write(path)
    return path
