"""Candidates, Gaia's and APOGEE's tables, made up."""

import pandas as pd

from mstars.core.config.whole import filled

SETTINGS = filled({})["crossmatch"]

ARCSEC = 1 / 3600


def candidates(ra, dec, obsdate="2016-01-01", **columns):
    n = len(ra)
    table = {"spectrum_key": [f"57388-A-sp01-{i:03d}" for i in range(n)], "ra": ra, "dec": dec}
    table |= {"obsdate": obsdate, "mjd": 57388, "gaia_source_id": pd.array([pd.NA] * n, dtype="Int64")}
    return pd.DataFrame(table | columns)


def gaia_table(ra, dec, pmra=0.0, pmdec=0.0, source_id=None):
    n = len(ra)
    table = pd.DataFrame({"source_id": source_id or [2**62 + i for i in range(n)], "ra": ra, "dec": dec})
    table = table.assign(pmra=pmra, pmdec=pmdec, parallax=10.0, parallax_error=0.1)
    for band in ("g", "bp", "rp"):
        table[f"phot_{band}_mean_mag"] = {"g": 14.0, "bp": 15.0, "rp": 13.0}[band]
        table[f"phot_{band}_mean_flux_over_error"] = 100.0
    return table.assign(ruwe=1.0)


def good_gaia(n=1):
    table = {"parallax_over_error": 5.1, "ruwe": 1.39}
    table |= {f"phot_{band}_mean_flux_over_error": 20.1 for band in ("g", "bp", "rp")}
    return pd.DataFrame([table] * n)
