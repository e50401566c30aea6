"""The consensus of methods where no one has looked."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.velocity.decide.consensus import consensus


def one(**change):
    row = {
        "spectrum_key": "k",
        "lamost_rv": 300.0,
        "lamost_rv_err": 5.0,
        "lamost_error": 8.0,
        "rv_tm": 10.0,
        "rv_tm_err": 3.0,
        "tm_flag": 0,
        "rv_dsal1": 12.0,
        "rv_dsal1_err": 6.0,
        "n_dsal1": 8,
        "dsal1_flag": 0,
        "rv_dsal2": 14.0,
        "rv_dsal2_err": 7.0,
        "n_dsal2": 8,
        "dsal2_flag": 0,
        "rv_tml7500": 11.0,
        "rv_tml7500_err": 9.0,
        "tml7500_flag": 0,
        "rv_dsel": np.nan,
        "rv_dsel_err": np.nan,
        "dsel_flag": 4,
        "snri": 30.0,
        "candidate_reasons": "tm_dsal",
        "in_tm_band": False,
    }
    return pd.DataFrame([row | change])


ORDER = SelectionOptions(consensus="order", line_error_floor_kms=0.0)

NO_TM = {"tm_flag": 1, "dsal1_flag": 2, "dsal2_flag": 2}


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({}, "TM"),
        ({"rv_dsal1": 200.0}, "TM"),  # least error
        ({"rv_dsal1": 200.0, "rv_tm_err": 8.0}, "DSAL_I"),
        ({"tm_flag": 1, "rv_dsal1": np.nan, "dsal1_flag": 4}, "DSAL_II"),
        (NO_TM, "TML7500"),
        (NO_TM | {"rv_dsel": 5.0, "rv_dsel_err": 4.0, "dsel_flag": 0}, "DSEL"),
        (NO_TM | {"rv_dsel": 5.0, "rv_dsel_err": 4.0, "dsel_flag": 16}, "DSEL"),  # H-alpha alone
        (NO_TM | {"tml7500_flag": 16}, "LAMOST"),
        (NO_TM | {"snri": 2.0}, "NoRV_lowQuality"),
        (NO_TM | {"tml7500_flag": 16, "lamost_rv": np.nan}, "NoRV_lowQuality"),
        ({"candidate_reasons": "fast", "in_tm_band": True}, "LAMOST"),
        (
            {"tm_flag": 1, "lamost_rv": -1238.0, "rv_dsal1": -1230.0, "rv_dsal2": -1231.0, "tml7500_flag": 16},
            "NoRV_waveErr",
        ),
    ],
)
def test_consensus_by_order(change, label):
    assert consensus(one(**change), ORDER).tolist() == [label]


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({}, "TM"),
        ({"lamost_rv": 20.0, "rv_tm": 150.0}, "LAMOST"),  # DSAL and TML7500 confirm LAMOST's, TM is off
        ({"rv_tm": 150.0}, "DSAL_I"),  # TML7500 and DSAL agree with each other, the latter has the least error
        (NO_TM, "TML7500"),
        (NO_TM | {"rv_tml7500_err": 40.0}, "LAMOST"),  # one uncertain method against LAMOST's
        (NO_TM | {"tml7500_flag": 16}, "LAMOST"),
        (NO_TM | {"tml7500_flag": 16, "lamost_rv": np.nan}, "NoRV_lowQuality"),
        ({"snri": 2.0}, "NoRV_lowQuality"),
        ({"lamost_rv": np.nan, "candidate_reasons": "no_lamost_rv"}, "TM"),
        ({"candidate_reasons": "fast", "in_tm_band": True}, "LAMOST"),
        ({"rv_tm": 90.0, "rv_dsal1": 110.0}, "NoRV_waveErr"),  # the red against the blue
        ({"rv_tm": 90.0, "rv_dsal1": 110.0, "lamost_rv": 88.0}, "LAMOST"),  # then TML7500 is wrong
        (
            {"tm_flag": 1, "lamost_rv": -1238.0, "rv_dsal1": -1230.0, "rv_dsal2": -1231.0, "tml7500_flag": 16},
            "NoRV_waveErr",
        ),
    ],
)
def test_consensus_by_support(change, label):
    assert consensus(one(**change)).tolist() == [label]


STRETCHES = {f"rv_{name}": 10.0 for name in ("blue", "middle", "end")}

STRETCHES |= {f"rv_{name}_err": 5.0 for name in ("blue", "middle", "end")}

STRETCHES |= {f"{name}_flag": 0 for name in ("blue", "middle", "end")}


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({}, "TM"),
        ({"rv_blue": 120.0}, "TM"),  # a lamp, or bands the templates lack: in one place
        ({"rv_end": 120.0}, "TM"),
        ({"rv_blue": 120.0, "rv_end": -120.0}, "NoRV_waveErr"),
        ({"rv_blue": 120.0, "rv_end": 150.0}, "NoRV_waveErr"),
        ({"rv_blue": 50.0, "rv_end": 50.0}, "TM"),  # within wave_disagree_kms
        ({"rv_blue": 120.0, "rv_end": -120.0, "rv_blue_err": 40.0}, "TM"),  # within wave_sigma
        ({"rv_blue": 120.0, "rv_end": -120.0, "end_flag": 1}, "TM"),
        ({"rv_blue": np.nan, "rv_blue_err": np.nan, "blue_flag": 16, "rv_end": -120.0}, "TM"),
        ({"rv_blue": 120.0, "rv_end": -120.0, "middle_flag": np.nan}, "TM"),
    ],
)
def test_stretches_that_disagree_are_wrong_wavelengths(change, label):
    for mode in ("support", "order"):
        options = SelectionOptions(consensus=mode)
        assert consensus(one(**(STRETCHES | change)), options).tolist() == [label]


def test_an_uncertain_tm_gives_way_to_a_line_that_agrees():
    """S/N of 4, H-alpha in emission: TM's 40 km/s cover LAMOST's wrong velocity, the line does not."""
    faint = {"rv_dsal1": np.nan, "rv_dsal2": np.nan, "dsal1_flag": 4, "dsal2_flag": 4, "tml7500_flag": 16, "snri": 4.0}
    faint |= {"rv_tm": 30.0, "rv_tm_err": 40.0, "rv_dsel": 5.0, "rv_dsel_err": 6.0, "dsel_flag": 16}
    assert consensus(one(**(faint | {"lamost_rv": 90.0}))).tolist() == ["DSEL"]
    assert consensus(one(**(faint | {"lamost_rv": 20.0}))).tolist() == ["LAMOST"]


def test_two_lines_do_not_outweigh_the_others():
    """S/N of 6: two lines 80 km/s from TM and 130 from LAMOST's, with a standard deviation of 15."""
    faint = {"rv_dsal1": np.nan, "dsal1_flag": 5, "rv_dsal2": -109.0, "rv_dsal2_err": 15.0, "snri": 6.0}
    faint |= {"rv_tm": -28.0, "rv_tm_err": 41.0, "lamost_rv": 21.0, "lamost_rv_err": 8.0}
    faint |= {"rv_tml7500": -6.0, "rv_tml7500_err": 49.0}
    assert consensus(one(**faint, n_dsal2=2)).tolist() == ["LAMOST"]
    assert consensus(one(**faint, n_dsal2=7)).tolist() == ["DSAL_II"]
