"""A survey with its truth, made up."""

import numpy as np
import pandas as pd

from mstars.validate.outcome import candidate_outcomes
from mstars.validate.scorecard import scorecard

SETTINGS = {"snr_min": 10, "rv_tolerance_kms": 30, "rv_sigma": 3}

LABELS = {"teff": 3600.0, "logg": 4.8, "m_h": -0.1, "alpha_m": 0.02}


def survey():
    """20 dM, 10 gM, 4 WD, 2 late K and a training spectrum; what a good pipeline makes of them."""
    classes = ["dM"] * 20 + ["gM"] * 10 + ["WD"] * 4 + ["K"] * 2
    n = len(classes)
    truth = pd.DataFrame({"spectrum_key": [f"k{number:02d}" for number in range(n)], "true_class": classes})
    truth = truth.assign(role="candidate", true_rv_lamost=10.0, planted_dmgm=False, planted_rv="", snri=50.0)
    truth["star_id_true"] = np.arange(n)
    truth["lamost_class"], truth["lamost_rv"] = truth["true_class"].replace({"WD": "dM", "K": "dM"}), 12.0
    for label, value in LABELS.items():
        truth[f"true_{label}"] = value
    truth.loc[0, ["planted_dmgm", "lamost_class"]] = [True, "gM"]
    truth.loc[1, ["planted_rv", "lamost_rv"]] = ["wrong_rv", 300.0]
    truth.loc[2, ["planted_rv", "lamost_rv"]] = ["wave_err", -1200.0]
    truth.loc[3, "lamost_class"] = "sdM"
    truth.loc[33, "snri"] = 5.0  # a WD too faint to count
    kept = truth[truth["true_class"] != "WD"]
    m_catalog = pd.DataFrame({"spectrum_key": kept["spectrum_key"], "luminosity_class": kept["true_class"]})
    m_catalog["luminosity_class"] = m_catalog["luminosity_class"].replace("K", "dM")
    m_catalog = m_catalog.assign(rv=kept["lamost_rv"], rv_err=3.0, rv_from="LAMOST")
    m_catalog.loc[1, ["rv", "rv_from"]] = [11.0, "TM"]
    m_catalog.loc[2, ["rv", "rv_from"]] = [np.nan, "NoRV_waveErr"]
    m_catalog["rv_paper"], m_catalog["rv_paper_err"] = m_catalog["rv"], 3.0
    keys = truth["spectrum_key"]
    parameters = pd.DataFrame({"spectrum_key": keys, "flag": 0})
    for label, value in LABELS.items():
        parameters[label] = value + np.linspace(-1, 1, n) * value / 100
        parameters[f"{label}_err"] = parameters[f"{label}_calib_err"] = abs(value) / 100
        parameters[f"{label}_oof"] = np.nan
    parameters.loc[4, "teff_oof"] = 9999.0
    return {
        "truth": pd.concat([truth, truth.iloc[[0]].assign(spectrum_key="t1", role="train", true_class="QSO")]),
        "m_catalog": m_catalog.reset_index(drop=True),
        "non_m": truth.loc[truth["true_class"] == "WD", ["spectrum_key"]],
        "rejected": pd.DataFrame({"spectrum_key": pd.Series([], dtype=str)}),
        "quality": pd.DataFrame({"spectrum_key": keys, "rv_flag": 1, "parameter_flag": 1}),
        "parameters": parameters,
        "velocities": pd.DataFrame(
            {"spectrum_key": keys, "rv_tm": 10.5, "rv_tm_err": 2.0, "rv_dsal1": np.nan, "rv_dsal2": 9.0}
        ),
        "lamost": pd.DataFrame({"spectrum_key": keys, "lamost_teff": 3700.0}),
    }


def card(given, held_out=None):
    truth = given["truth"]
    return scorecard(candidate_outcomes(**given), held_out or {}, truth, SETTINGS)
