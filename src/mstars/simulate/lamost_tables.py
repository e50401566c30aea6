"""LAMOST's catalogues of a simulated survey: M stars, all spectra, A to K stars, white dwarfs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.bands import BANDS
from mstars.core.missing import MISSING
from mstars.simulate.headers import designation, subclass_of

_INDEX_NAMES = ("ewha", "tio5", "cah2", "cah3", "tio1", "tio2", "tio3", "tio4", "cah1", "caoh", "zeta")


def _lamost_columns(rows: pd.DataFrame, gaia: pd.DataFrame, rng) -> pd.DataFrame:
    n = len(rows)
    known = gaia.drop_duplicates("star").set_index("star")
    drawn = rng.random(n)
    classes = [subclass_of(row, draw) for row, draw in zip(rows.itertuples(index=False), drawn, strict=True)]
    subclass = np.array([name for _, name in classes], dtype=object)
    prefix = np.where(rows["role"] == "candidate", rows["lamost_class"].str.replace("M", ""), "")
    subclass = [f"{lead}{name.lstrip('dgs')}" if lead else name for lead, name in zip(prefix, subclass, strict=True)]
    i_mag = rows["g_mag"] - 0.3 * rows["bp_rp"]
    return pd.DataFrame(
        {
            "obsid": rows["obsid"],
            "uid": [f"G{key:013d}" for key in rows["star"]],
            "gp_id": [f"G{key:013d}" for key in rows["star"]],
            "designation": [designation(ra, dec) for ra, dec in zip(rows["ra_cat"], rows["dec_cat"], strict=True)],
            "obsdate": rows["obsdate"],
            "lmjd": rows["lmjd"],
            "mjd": rows["lmjd"] - 1,
            "planid": rows["planid"],
            "spid": rows["spid"],
            "fiberid": rows["fiberid"],
            "ra_obs": rows["ra_cat"],
            "dec_obs": rows["dec_cat"],
            **{f"snr{band}": rows[f"snr{band}"] for band in BANDS},
            "class": [name for name, _ in classes],
            "subclass": subclass,
            "z": rows["z"],
            "z_err": rows["z_err"],
            "ps_id": (rows["star"] + 10**17).astype("int64"),
            **{
                f"mag_ps_{band}": i_mag + slope * rows["bp_rp"]
                for band, slope in (("g", 1.3), ("r", 0.35), ("i", 0.0), ("z", -0.2), ("y", -0.3))
            },
            "gaia_source_id": rows["star"].map(known["source_id"]).fillna(-9999).astype("int64"),
            "gaia_g_mean_mag": rows["star"].map(known["phot_g_mean_mag"]),
            "tsource": "JF_LEGAS_S",
            "fibertype": "Obj",
            "tfrom": "-",
            "tcomment": ".",
            "offsets": False,
            "offset_v": 0.0,
            "ra": rows["ra_cat"],
            "dec": rows["dec_cat"],
        }
    )


def lamost_tables(rows: pd.DataFrame, gaia: pd.DataFrame, rng) -> dict[str, pd.DataFrame]:
    """LAMOST's catalogues with their own column names.

    Parameters
    ----------
    rows : pandas.DataFrame
        The plan with the S/N measured.
    gaia : pandas.DataFrame
        Of `mstars.simulate.sky_tables.gaia_table`.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to pandas.DataFrame
        ``m``, ``general``, ``afgk`` and ``wd``, sorted by obsid.
    """
    common = _lamost_columns(rows, gaia, rng)
    candidate = (rows["role"] == "candidate").to_numpy()
    m_rows, m = rows[candidate], common[candidate].copy()
    bias = np.where(m_rows["kind"] == "dM", 1.0, 0.3)
    m["teff"] = m_rows["teff"].fillna(3700) + rng.normal(20, 60, len(m))
    m["logg"] = m_rows["logg"].fillna(4.8) + 0.5 * bias + rng.normal(0, 0.2, len(m))
    m["m_h"] = m_rows["m_h"] - 0.2 + rng.normal(0, 0.22, len(m))
    for name in ("teff", "logg", "m_h"):
        m[f"{name}_err"] = {"teff": 75.0, "logg": 0.2, "m_h": 0.2}[name]
    for name in _INDEX_NAMES:
        m[name] = MISSING
        m[f"{name}_err"] = MISSING
    m["type"], m["na"] = "", -9999
    general = common.copy()
    afgk = rows["true_class"].isin(["A", "F", "G", "K"]).to_numpy() & ~candidate
    stars, a_rows = common[afgk].copy(), rows[afgk]
    for name, sigma in (("teff", 60.0), ("logg", 0.1), ("m_h", 0.06)):
        stars[{"m_h": "feh"}.get(name, name)] = a_rows[name] + rng.normal(0, sigma, len(stars))
        stars[{"m_h": "feh"}.get(name, name) + "_err"] = sigma
    stars["rv"], stars["rv_err"] = a_rows["lamost_rv"], 4.0
    white = (rows["true_class"] == "WD").to_numpy() & ~candidate
    dwarfs, w_rows = common[white].copy(), rows[white]
    dwarfs["wd_subclass"] = "DA"
    dwarfs["teff"], dwarfs["logg"] = w_rows["teff"], w_rows["logg"]
    tables = {"m": m, "general": general, "afgk": stars, "wd": dwarfs}
    return {name: table.sort_values("obsid", ignore_index=True) for name, table in tables.items()}
