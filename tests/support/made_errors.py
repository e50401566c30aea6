"""Internal errors of a survey, made up by Eq. 3."""

import numpy as np
import pandas as pd

from mstars.quality.error_limits import LABELS

PLANE = np.array([30.0, -0.05, 2e-3, 1.0, -4.0, 6.0])


def sample(n=4000, seed=1, noise=1.0):
    """Errors on a plane (Eq. 3) with Gaussian scatter, in both classes."""
    generator = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "spectrum_key": [f"k{number:05d}" for number in range(n)],
            "luminosity_class": np.where(np.arange(n) % 3 == 0, "gM", "dM"),
            "snr_i": generator.uniform(0.5, 150, n),
            "teff": generator.uniform(3450, 4050, n),
            "m_h": generator.uniform(-0.8, 0.3, n),
            "alpha_m": generator.uniform(0.0, 0.2, n),
        }
    )
    table["logg"] = np.where(table["luminosity_class"] == "gM", generator.uniform(0, 1.5, n), 4.8)
    table["logg"] += generator.normal(0, 0.01, n)
    design = np.column_stack([np.ones(n), table[["snr_i", *LABELS]].to_numpy()])
    for label in LABELS:
        table[f"{label}_err"] = design @ PLANE + generator.normal(0, noise, n)
    return table.assign(no_rv=False, simulation_trained=False)
