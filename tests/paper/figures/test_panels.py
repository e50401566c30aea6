"""Rows of the parameter figures."""

import numpy as np
import pandas as pd

from mstars.core.config.outputs import Outliers
from mstars.core.labels import LABELS
from mstars.paper.figures.panels import colour_sample, marked_spectra, parameter_panels


def test_panels_hold_recommended_rows_and_apogees_values():
    catalog = pd.DataFrame({"spectrum_key": list("abc"), "parameter_flag": [1, 0, 1], "luminosity_class": "dM"})
    catalog = catalog.assign(**dict.fromkeys(LABELS, 1.0), CMD_flag=[1, 1, 0], e_W1=[0.02, 0.02, np.nan], e_W2=0.02)
    apogee = pd.DataFrame(
        {"spectrum_key": ["a", "c"], "TEFF": [3500.0, -9999], "LOGG": 5.0, "M_H": 0.0, "ALPHA_M": 0.0}
    )
    panels = parameter_panels(catalog, apogee)
    assert panels["APOGEE"]["teff"].tolist() == [3500] and len(panels["This work"]) == 2
    assert colour_sample(catalog, "bp_rp_0")["spectrum_key"].tolist() == ["a", "b"]
    assert colour_sample(catalog, "W1_W2_0")["spectrum_key"].tolist() == ["a", "b"]


def test_panels_of_literature_catalogues_have_their_parameters_and_our_colours():
    catalog = pd.DataFrame({"spectrum_key": list("abc"), "parameter_flag": 1, "bp_rp_0": [1.0, 2.0, 3.0]})
    catalog = catalog.assign(**dict.fromkeys(LABELS, 1.0))
    apogee = pd.DataFrame({"spectrum_key": [], "TEFF": [], "LOGG": [], "M_H": [], "ALPHA_M": []})
    theirs = pd.DataFrame({"spectrum_key": ["c", "z"]}).assign(**{f"{name}_catalog": 7.0 for name in LABELS})
    panel = parameter_panels(catalog, apogee.astype({"spectrum_key": str}), {"Ding2022": theirs})["Ding2022"]
    assert (
        panel["spectrum_key"].tolist() == ["c"] and panel["teff"].tolist() == [7] and panel["bp_rp_0"].tolist() == [3]
    )


def test_marked_spectra_are_those_of_the_comparisons():
    sample = pd.DataFrame({"spectrum_key": list("abcd"), "luminosity_class": ["dM", "dM", "dM", "gM"]})
    for label in LABELS:
        sample[f"{label}_this"] = sample[f"{label}_apogee"] = 3500.0 if label == "teff" else 4.7
    sample.loc[[0, 3], "teff_apogee"] = 4000.0
    ding = sample.assign(logg_catalog=[4.7, 4.0, 3.0, 1.0])
    marked = marked_spectra(sample, {"ding2022": ding}, Outliers(), "fig23")
    assert {name: keys.tolist() for name, keys in marked.items()} == {"red": ["a"], "orange": ["b"], "orange +": ["c"]}
    assert list(marked_spectra(sample, {"ding2022": ding}, Outliers(), "fig24")) == ["red"]
