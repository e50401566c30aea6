"""Which of APOGEE's labels may be trained on."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.flags import AspcapFlag
from mstars.parameters.apogee_filter import apogee_filter, apogee_labels
from mstars.sky.aspcap_class import aspcap_kind

GRIDS = ["Md_a", "GKd_b", "Mg_c", "GKg_d", "Fd_a", "", None]
POOL = pd.DataFrame(
    {"ASPCAP_CLASS": GRIDS, "ASPCAPFLAG": [0, AspcapFlag.STAR_BAD, AspcapFlag.TEFF_WARN, 3, 0, 0, np.nan]}
)


def test_dwarf_or_giant_is_the_last_letter_of_the_grid():
    assert aspcap_kind(POOL).tolist() == ["dM", "dM", "gM", "gM", "dM", "", ""]


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("dM", [True, True, False, False, True, False, False]), ("gM", [False] * 2 + [True] * 2 + [False] * 3)],
)
def test_the_class_has_to_agree(kind, kept):
    found = apogee_filter(POOL, kind, {"aspcap_class": "consistent", "aspcapflag_reject": []})
    assert (~found["ASPCAP_CLASS contradicts the class"]).tolist() == kept
    assert not found["rejected ASPCAPFLAG bit"].any()  # the paper cuts on none
    assert list(apogee_filter(POOL, kind, {"aspcap_class": "any", "aspcapflag_reject": []})) == [
        "rejected ASPCAPFLAG bit"
    ]


@pytest.mark.parametrize(("bits", "rejected"), [([23], [1]), ([0], [2, 3]), ([0, 1, 23], [1, 2, 3])])
def test_bits_of_aspcapflag_reject_where_asked(bits, rejected):
    found = apogee_filter(POOL, "dM", {"aspcap_class": "any", "aspcapflag_reject": bits})
    assert np.flatnonzero(found["rejected ASPCAPFLAG bit"]).tolist() == rejected


def test_labels_of_a_star_are_those_of_its_best_spectrum_and_missing_ones_are_nan():
    apogee = pd.DataFrame({"spectrum_key": ["a", "b", "c"], "apogee_id": ["2M1", "2M1", ""], "SNR": [50.0, 90.0, 99.0]})
    apogee = apogee.assign(
        TEFF=[3400.0, 3500.0, 3600.0], LOGG=-9999.0, M_H=0.1, ALPHA_M=0.0, ASPCAP_CLASS="Md_a", ASPCAPFLAG=0
    )
    table = apogee_labels(apogee)
    assert table["spectrum_key"].tolist() == ["b", "a"] and table["teff"].tolist() == [3500.0, 3500.0]
    assert table["logg"].isna().all() and (table["label_id"] == "2M1").all()
