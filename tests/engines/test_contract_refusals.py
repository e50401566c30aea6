"""What breaks the contract is said where it breaks."""

from dataclasses import replace

import numpy as np
import pytest

from mstars.engines.contract import EngineFlag, Estimates, check_estimates
from mstars.engines.registry import engine_info

RIDGE = engine_info("ridge")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Ridge"}, "small letters"),
        ({"kinds": ("gM", "dM")}, "kinds are"),
        ({"kinds": ()}, "kinds are"),
        ({"labels": ("m_h", "teff")}, "labels are"),
        ({"labels": ("teff", "feh")}, "labels are"),
        ({"error": "sigma"}, "error 'sigma'"),
        ({"parts": "two"}, "parts 'two'"),
        ({"error": "spread"}, "needs parts 'folds'"),
        ({"labels": ("teff",)}, "ranges need"),
        ({"own_flags": {"odd": 64}}, "single bits"),
        ({"own_flags": {"odd": (1 << 16) + (1 << 17)}}, "single bits"),
        ({"own_flags": {"odd": 1 << 16, "even": 1 << 16}}, "single bits"),
        ({"own_clearing": ("odd",)}, "not all in own_flags"),
    ],
)
def test_an_info_that_contradicts_itself_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        replace(RIDGE, **changes)


def test_parts_and_flags_follow_from_an_info():
    cnn, own = engine_info("cnn"), replace(RIDGE, own_flags={"odd": 1 << 16}, own_clearing=("odd",))
    assert cnn.part_names(2) == ["fold0", "fold1"] == cnn.predicting(["fold0", "fold1"]) and cnn.is_ensemble
    assert RIDGE.part_names([4, 7]) == ["fold4", "fold7", "all"] and not RIDGE.is_ensemble
    assert RIDGE.predicting(RIDGE.part_names(3)) == ["all"] == replace(RIDGE, parts="all").part_names(9)
    assert own.flags()["odd"] == own.clearing()["odd"] == 1 << 16 and own.flags()["no_rv"] == 1
    assert "training_star" not in own.clearing() and "at_boundary" in own.clearing()
    assert cnn.format == "mstars-cnn-1" and replace(RIDGE, version=3).format == "mstars-ridge-3"


def good(**changes):
    values = np.array([[3500.0, 4.8, 0.1, 0.0], [np.nan] * 4])
    found = {"values": values, "error": values * 0.01, "chi2": np.ones(2), "flag": np.zeros(2, int), "extra": {}}
    return Estimates(**found | changes)


def test_good_estimates_pass():
    found = good()
    assert check_estimates(found, RIDGE, 2) is found
    flag = np.array([int(EngineFlag.POOR_FIT), 1 << 17])
    assert check_estimates(good(flag=flag), replace(RIDGE, own_flags={"odd": 1 << 17}), 2)
    silent = replace(RIDGE, error="none", gives_chi2=False)
    assert check_estimates(good(error=np.full((2, 4), np.nan), chi2=None), silent, 2)


@pytest.mark.parametrize(
    ("changes", "info", "said"),
    [
        ({"values": np.zeros((3, 4))}, RIDGE, r"values is float64 \(3, 4\), expected floats \(2, 4\)"),
        ({"error": np.zeros((2, 4), int)}, RIDGE, "error is int64"),
        ({"error": np.zeros((2, 4))}, RIDGE, "NaN together"),
        ({"error": good().error * -1}, RIDGE, "negative errors"),
        ({"values": np.full((2, 4), np.inf)}, RIDGE, "infinite"),
        ({}, replace(RIDGE, error="none"), "its info says none"),
        ({"chi2": None}, RIDGE, r"chi2 must be \[n\]"),
        ({}, replace(RIDGE, gives_chi2=False), "chi2 must be None"),
        ({"flag": np.array([int(EngineFlag.NO_RV), 0])}, RIDGE, "flag must be integers"),
        ({"flag": np.array([1 << 17, 0])}, RIDGE, "flag must be integers"),
        ({"flag": np.zeros(3, int)}, RIDGE, "flag must be integers"),
        ({"extra": {"teff_bt": np.zeros(2)}}, RIDGE, r"extra columns are \['teff_bt'\], expected \[\]"),
        ({"extra": {"teff_bt": np.zeros(3)}}, replace(RIDGE, extra_columns={"teff_bt": "K"}), r"teff_bt is not \[n\]"),
    ],
)
def test_estimates_that_break_the_contract_are_refused(changes, info, said):
    with pytest.raises(ValueError, match=said):
        check_estimates(good(**changes), info, 2)
