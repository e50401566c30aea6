"""Velocities by every method, made up."""

import numpy as np
import pandas as pd


def survey(n=2000, seed=1):
    """TM and DSAL around the truth, LAMOST around it with 5 % far off; truth and who is off."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 40, n)
    off = rng.random(n) < 0.05
    lamost = truth - 4 + rng.normal(0, 6, n) + off * rng.choice([-1, 1], n) * rng.uniform(200, 500, n)
    key = np.array([f"55000-P-sp01-{k:05d}" for k in range(n)])
    catalog = pd.DataFrame(
        {"spectrum_key": key, "lamost_rv": lamost, "lamost_rv_err": 5.0, "snri": rng.uniform(5, 60, n)}
    )
    measured = pd.DataFrame({"spectrum_key": key})
    for name, width, error in (("tm", 3.0, 3.0), ("dsal1", 8.0, 6.0), ("dsal2", 9.0, 8.0)):
        measured[f"rv_{name}"] = truth + rng.normal(0, width, n)
        measured[f"rv_{name}_err"] = error
        measured[f"{name}_flag"], measured[f"n_{name}"] = 0, 8
    measured.loc[rng.random(n) < 0.3, "rv_dsal1"] = np.nan
    return catalog, measured, truth, off


def remeasured(table):
    blank = pd.DataFrame({"spectrum_key": table["spectrum_key"]})
    for name in ("tml7500", "dsel"):
        blank[f"rv_{name}"], blank[f"rv_{name}_err"], blank[f"{name}_flag"] = np.nan, np.nan, 4
    return blank
