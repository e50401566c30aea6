"""A model of M-like spectra, and catalogues of the classifying stages."""

import pandas as pd
import pytest
from made_spectra import MIXED, m_like
from made_stages import catalog, photometry, predictions

from mstars.classify.flux_bins import bin_spectra
from mstars.classify.outliers import fit_outlier_model


@pytest.fixture(scope="session")
def model():
    return fit_outlier_model(*bin_spectra(m_like(300, MIXED, 1)), n_component=3)


@pytest.fixture
def survey():
    m = catalog("m", 40, 1)
    others = pd.concat(
        [catalog(name.lower(), 12, number + 2, label=name) for number, name in enumerate(("K", "WD", "QSO"))],
        ignore_index=True,
    )
    return m, others


# LAMOST, CNN, CMD flag, CMD place -> reasons (None: no candidate), consensus
GIANTS = [
    ("dM", "dM", 1, "dM", None, "dM"),
    ("gM", "gM", 1, "dM", "lamost;cnn", "gM"),
    ("gM", "dM", 1, "dM", "lamost", "dM"),
    ("dM", "gM", 1, "gM", "cnn;cmd", "gM"),
    ("dM", "gM", 0, "gM", "cnn", "gM"),  # one each, unreliable CMD: the CNN breaks the tie
    ("gM", "dM", 0, "", "lamost", "dM"),
    ("", "gM", 0, "", "cnn", "gM"),  # no vote from LAMOST
    ("gM", "", 0, "", "lamost", "gM"),
    ("dM", "dM", 1, "gM", "cmd", "dM"),
    ("", "dM", 1, "other", None, "dM"),
]


@pytest.fixture
def giants():
    table = pd.DataFrame(GIANTS, columns=["lamost", "cnn", "flag", "place", "reasons", "consensus"])
    m = catalog("m", len(table), 6, lamost_class=table["lamost"], label="M", review_status="", candidate_reasons="")
    dmgm = predictions(m["spectrum_key"], "dmgm", table["cnn"], 0.9)
    return m, dmgm, photometry(m).assign(CMD_flag=table["flag"], CMD_pos=table["place"]), table
