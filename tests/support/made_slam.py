"""Tables of a survey that SLAM has measured, with planted offsets."""

import numpy as np
import pandas as pd
import yaml

from mstars.paper.li2021 import slam_sample

N = 900
OFFSETS = {"b20": (-182.0, 0.15), "galgano2020": (-125.0, None)}
PAIRS, MEMBERS = 60, 24


def tables(seed=1):
    draws, numbers = np.random.default_rng(seed), np.arange(N)
    keys = [f"k{number:04d}" for number in numbers]
    teff, m_h = draws.uniform(3000, 4100, N), draws.normal(-0.1, 0.2, N)
    m_h[PAIRS : 2 * PAIRS] = m_h[:PAIRS]  # second components
    near = numbers >= N - MEMBERS
    m_h[near] = 0.13
    snri = np.exp(draws.uniform(np.log(8), np.log(200), N))
    measured = {
        "teff": teff + 400 * snri**-0.5 * draws.normal(size=N),
        "m_h": m_h + 0.8 * snri**-0.5 * draws.normal(size=N),
    }
    slam = pd.DataFrame({"spectrum_key": keys, "luminosity_class": "dM", "flag": 0, **measured})
    for label, size in (("teff", 400), ("m_h", 0.8)):
        slam[f"{label}_err"], slam[f"{label}_cv_err"], slam[f"{label}_oof"] = 10.0, size * snri**-0.5, np.nan
    slam["teff_bt"], slam["teff_bt_err"], slam["m_h_bt"] = teff - 75, 20.0, np.minimum(m_h, 0)
    slam.loc[[3, 4], "teff_bt"] = 2800.0, 4500.0  # fits that ended at the grid's edge
    slam.loc[0, "flag"], slam.loc[1, "teff"] = 512, np.nan
    slam.loc[2, ["teff_oof", "m_h_oof"]] = [3333.0, -0.33]
    catalog = pd.DataFrame({"spectrum_key": keys, "obsid": numbers, "snri": snri, "luminosity_class": "dM"})
    parallax = np.where(near, 45.0, draws.uniform(5, 30, N))
    gaia = pd.DataFrame({"spectrum_key": keys, "star_id": keys, "source_id": numbers + 10**17, "ra": 10.0, "dec": 5.0})
    gaia = gaia.assign(parallax=parallax, parallax_over_error=50.0, ruwe=1.0)
    gaia["pmra"], gaia["pmdec"] = np.where(near, 5.0, -20.0) * parallax, -1.2 * parallax
    for band in ("g", "bp", "rp"):
        gaia[f"phot_{band}_mean_flux_over_error"] = 100.0
    colour = np.interp(teff, [3000, 4100], [3.2, 1.7])
    photometry = pd.DataFrame({"spectrum_key": keys, "bp_rp_0": colour, "CMD_flag": 1})
    photometry["M_G_0"] = np.interp(colour, [1.5, 3.2], [7.0, 12.5])
    apogee = pd.DataFrame({"spectrum_key": keys[::2], "TEFF": teff[::2], "M_H": m_h[::2]})
    apogee.loc[5, "M_H"] = -9999.0
    return slam, catalog, gaia, photometry, apogee, teff, m_h


def made_sample(folder):
    """The sample of `slam_sample` with two catalogues in ``folder``."""
    *own, teff, m_h = tables()
    descriptions = {}
    for name, (hot, rich) in OFFSETS.items():
        catalogue = pd.DataFrame({"spectrum_key": own[0]["spectrum_key"], "teff": teff + hot})
        columns = {"teff": "teff"}
        if rich is not None:
            catalogue["m_h"], columns["m_h"] = m_h + rich, "m_h"
        catalogue.to_csv(folder / f"{name}.csv", index=False)
        match = {"column": "spectrum_key", "to": "spectrum_key"}
        described = {"name": name, "file": f"{name}.csv", "match": match, "columns": columns, "kinds": ["dM"]}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(described))
        descriptions[name] = str(folder / f"{name}.yaml")
    return slam_sample(*own, descriptions)


def made_groups():
    """Binaries, clusters and their metallicities, of the stars of `tables`."""
    first = np.arange(PAIRS) + 10**17
    binaries = pd.DataFrame({"source_id1": first, "source_id2": first + PAIRS, "separation_au": 1000.0})
    binaries.loc[0, "separation_au"] = 9000.0
    members = np.arange(N - MEMBERS, N) + 10**17
    clusters = pd.DataFrame({"source_id": members, "cluster": "near"})
    return binaries, clusters, pd.DataFrame({"cluster": ["near"], "feh": [0.15], "feh_err": [0.02]})
