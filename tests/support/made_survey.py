"""Repeats and plates of a survey, made up."""

import numpy as np
import pandas as pd

from mstars.survey.repeats import FLAG_OF


def repeats(n=3000, a=200.0, b=10.0, seed=1):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"star_id": np.repeat(np.arange(n).astype(str), 2), "luminosity_class": "dM"})
    table["spectrum_key"] = [f"k{number}" for number in range(2 * n)]
    table["snr_i"] = np.exp(rng.uniform(np.log(5), np.log(150), 2 * n))
    star = np.repeat(rng.normal(3600, 200, n), 2)
    for name, flag in FLAG_OF.items():
        table[name] = star + rng.normal(0, 1, 2 * n) * (a / table["snr_i"] + b)
        table[flag] = 1
    return table


def plate_rows(n=900, seed=4):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"spectrum_key": [f"5700{i % 3}-P-B{i % 3}-sp{1 + i % 2:02d}-{i:03d}" for i in range(n)]})
    table = table.assign(ra=rng.uniform(0, 360, n), dec=rng.uniform(-5, 60, n), obsdate="2015-01-01", rv_flag=1)
    table = table.assign(parameter_flag=1, luminosity_class="dM", CMD_flag=1, bp_rp_0=rng.uniform(1.8, 2.8, n))
    table["teff"] = 4600 - 450 * table["bp_rp_0"] + rng.normal(0, 10, n) + 60 * (np.arange(n) % 3 == 0)
    table["rv"] = rng.normal(0, 30, n)
    gaia = table[["spectrum_key"]].assign(radial_velocity=table["rv"] + rng.normal(0, 2, n))
    gaia = gaia.assign(radial_velocity_error=1.0, rv_expected_sig_to_noise=50.0)
    table["rv"] += 8 * (np.arange(n) % 2 == 0)
    return table.assign(logg=4.8, m_h=rng.normal(0, 0.2, n), alpha_m=0.0), gaia
