"""Parameters of our catalogue, made up."""

import numpy as np
import pandas as pd

from mstars.literature.catalogues import LABELS


def ours(n=400, seed=0):
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({"spectrum_key": [f"k{i}" for i in range(n)], "obsid": pd.array(range(n), "Int64")})
    table["source_id"] = pd.array(np.arange(n) + 10**17, "Int64")
    table["ra"], table["dec"] = 10 + np.arange(n) / 100, 40.0
    table["luminosity_class"] = np.where(np.arange(n) % 2, "dM", "gM")
    table["snr_i"] = generator.uniform(21, 150, n)
    centre = {"teff": 3600, "logg": 3, "m_h": -0.2, "alpha_m": 0.1}
    width = {"teff": 200, "logg": 1, "m_h": 0.3, "alpha_m": 0.1}
    for label in LABELS:
        table[f"{label}_apogee"] = generator.normal(centre[label], width[label], n)
        table[f"{label}_this"] = table[f"{label}_apogee"] + generator.normal(0, width[label] / 10, n)
    return table
