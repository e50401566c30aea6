"""Input catalogues, photometry and predictions of the classifying stages, made up."""

import numpy as np
import pandas as pd

from mstars.classify.screening import screen_labels
from mstars.classify.training_sets import scm_pool, scm_training_set
from mstars.core.snr import SNR

SCM = {
    "n_per_class": 30,
    "snr_min": 5,
    "valid_share": 0.25,
    "split": "star",
    "screen": "cmd",
    "spt_prob_min": 0.99,
    "k_prediction": "ignored",
    "votes_min": 2,
    "ood": {"use": "votes", "threshold": 1.0, "sure": 3.0, "m_tio5": 0.5, "zro_sigma": 5.0},
}


def catalog(prefix, n, seed, **columns):
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({"spectrum_key": [f"{prefix}{i:03d}" for i in range(n)]})
    table["ra"], table["dec"] = generator.uniform(0, 360, n), generator.uniform(-10, 60, n)
    for band in SNR:
        table[band] = generator.uniform(6, 60, n)
    return table.assign(**columns)


def index(*tables):
    keys = pd.concat([table["spectrum_key"] for table in tables]).drop_duplicates()
    return pd.DataFrame({"spectrum_key": keys, "batch": "a", "row": np.arange(len(keys))})


def photometry(table, flag=1, position="dM"):
    return pd.DataFrame(
        {"spectrum_key": table["spectrum_key"], "CMD_flag": flag, "CMD_pos": position, "bp_rp_0": 2.2, "M_G_0": 9.5}
    )


def stars_of(table):
    return pd.DataFrame({"spectrum_key": table["spectrum_key"], "star_id": "star" + table["spectrum_key"]})


def make(m, others, classes=("K", "M", "QSO"), spectra=None, **changes):
    settings = SCM | {key: value for key, value in changes.items() if key in SCM}
    pool, excluded = scm_pool(
        m,
        others,
        index(m, others) if spectra is None else spectra,
        changes.get("stars", stars_of(m)),
        changes.get("photometry", photometry(m)),
        classes=classes,
        settings=settings,
        radius_arcsec=3.0,
        seed=1,
    )
    pool = screen_labels(pool, None, None, how=settings["screen"], seed=1)
    return scm_training_set(pool, excluded, classes=classes, settings=settings, seed=1, task="spt")


def predictions(keys, task, names, probability):
    return pd.DataFrame({"spectrum_key": keys, f"{task}_class": names, f"{task}_prob": probability})
