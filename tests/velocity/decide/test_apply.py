"""Decisions on velocities."""

import numpy as np
import pandas as pd
import pytest
from made_velocities import remeasured, survey

from mstars.core.errors import InputError
from mstars.velocity.decide.apply import apply_decisions, choose
from mstars.velocity.decide.bands import select
from mstars.velocity.decide.queue import rv_queue


def decision(key, label):
    return pd.DataFrame([(key, label, "reviewed")], columns=["spectrum_key", "label", "review_status"])


def test_decisions_that_cannot_be_followed():
    catalog, measured, _, _ = survey()
    selection, _ = select(catalog, measured)
    queue = rv_queue(selection, remeasured(selection), catalog)
    key = queue.spectrum_key.iloc[0]
    with pytest.raises(InputError, match="'XX' is not one of"):
        apply_decisions(catalog, queue, decision(key, "XX"))
    with pytest.raises(InputError, match="was given DSEL"):
        apply_decisions(
            catalog,
            queue,
            decision(key, "DSEL"),
        )
    decided = decision(key, "NoRV_waveErr")
    result = apply_decisions(catalog, queue, decided).set_index("spectrum_key")
    assert np.isnan(result.rv_paper[key]) and np.isnan(result.rv_paper_err[key])
    assert result.rv_paper_from[key] == "NoRV_waveErr"


def test_lamost_errors_of_zero_or_nothing_become_null():
    catalog, _, _, _ = survey(3)
    catalog["lamost_rv_err"] = [0.0, np.nan, 4.0]
    empty = pd.DataFrame({"spectrum_key": [], "label": [], "review_status": []}).astype(str)
    queue = pd.DataFrame({"spectrum_key": pd.Series([], dtype=str)})
    assert apply_decisions(catalog, queue, empty).rv_paper_err.isna().tolist() == [True, True, False]


def test_the_plain_names_go_to_the_velocity_asked_for():
    catalog = pd.DataFrame({"rv_paper": [1.0, np.nan], "rv_paper_err": 2.0, "rv_paper_from": ["TM", "NoRV_waveErr"]})
    catalog = catalog.assign(rv_best=[3.0, np.nan], rv_best_err=4.0, rv_best_from=["TM+LAMOST", ""])
    best, paper = choose(catalog, "best"), choose(catalog, "paper")
    assert (best.rv[0], best.rv_from.tolist()) == (3.0, ["TM+LAMOST", "NoRV_waveErr"])
    assert (paper.rv[0], paper.rv_from.tolist()) == (1.0, ["TM", "NoRV_waveErr"])
