"""Fig. 10's selection, the consensus and m_catalog_v3."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.core.velocities import RV_FROM
from mstars.velocity.decide.apply import apply_decisions, table7
from mstars.velocity.decide.bands import PAPER_BANDS, clipped_band, select
from mstars.velocity.decide.consensus import consensus
from mstars.velocity.decide.options import SelectionOptions
from mstars.velocity.decide.queue import candidates


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


def test_clipping_goes_on_until_nothing_is_removed():
    rng = np.random.default_rng(3)
    value = np.concatenate([rng.normal(3, 10, 5000), rng.uniform(-600, 600, 300), [np.nan]])
    mean, sigma, count = clipped_band(value, 3.0)
    rest = value[np.isfinite(value)]
    while True:
        kept = rest[np.abs(rest - rest.mean()) <= 3 * rest.std()]
        if len(kept) == len(rest):
            break
        rest = kept
    assert (mean, sigma, count) == (rest.mean(), rest.std(), len(rest))
    assert mean == pytest.approx(3, abs=0.6) and 9.5 < sigma < 12
    assert np.isnan(clipped_band(np.array([np.nan]), 2.0)[0])


def test_selection_is_fig_10():
    catalog, measured, _, off = survey()
    catalog.loc[:4, "lamost_rv"] = np.nan
    table, summary = select(catalog, measured)
    tm = summary["bands"]["tm"]
    inside = np.abs(table.rv_tm - table.lamost_rv - tm["mean"]) <= 3 * tm["sigma"]
    assert (table.in_tm_band == inside).all()
    # only spectra outside the TM band are compared with DSAL, DSAL I where it exists
    compared = table[table.dsal_used != ""]
    assert not compared.in_tm_band.any()
    assert (table.dsal_used[compared.index] == np.where(compared.rv_dsal1.notna(), "I", "II")).all()
    band = summary["bands"]["dsal1"]
    assert (band["mean"], band["sigma"]) == clipped_band((table.rv_dsal1 - table.lamost_rv).to_numpy(), 2.0)[:2]
    assert (table.candidate_reasons[:5] == "no_lamost_rv").all()
    good = ~off
    good[:5] = False
    assert table.candidate[off & table.lamost_rv.notna()].mean() > 0.9
    assert (table.candidate_reasons[good] == "tm_dsal").mean() < 0.02
    fast = table.reliable & (table.lamost_rv.abs() > 150)
    assert (table.candidate_reasons[fast] == "fast").all()
    assert summary["n_candidates"] == table.candidate.sum()


def test_few_spectra_take_the_papers_bands():
    catalog, measured, _, _ = survey(20)
    _, summary = select(catalog, measured)
    for name, (mean, sigma) in PAPER_BANDS.items():
        band = summary["bands"][name]
        assert (band["mean"], band["sigma"], band["own"]) == (mean, sigma, False)


def test_spectra_without_measurement_stop_the_selection():
    catalog, measured, _, _ = survey(20)
    with pytest.raises(InputError, match="1 spectra of m_catalog_v2 have no measured"):
        select(catalog, measured.iloc[1:])


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


def test_the_dsal_band_of_the_paper_is_of_spectra_outside_the_tm_band():
    catalog, measured, _, _ = survey()
    table, summary = select(catalog, measured, SelectionOptions(dsal_band="outside"))
    first = table.rv_dsal1[table.dsal_used == "I"] - table.lamost_rv[table.dsal_used == "I"]
    band = summary["bands"]["dsal1"]
    assert (band["mean"], band["sigma"]) == clipped_band(first.to_numpy(), 2.0)[:2]
    with pytest.raises(InputError, match="dsal_band"):
        SelectionOptions(dsal_band="some")


def test_candidates_and_apply():
    catalog, measured, truth, off = survey()
    selection, _ = select(catalog, measured)
    queue = candidates(selection, remeasured(selection), catalog)
    assert queue.spectrum_key.is_unique and set(queue.consensus_label) <= set(RV_FROM)
    assert queue.priority.between(0, 1).all()
    decisions = queue[["spectrum_key"]].assign(label=queue.consensus_label, review_status="provisional")
    result = apply_decisions(catalog, queue, decisions)
    assert list(result.spectrum_key) == list(catalog.spectrum_key)
    assert np.median(np.abs(result.rv_paper[off] - truth[off])) < 5
    assert (np.abs(result.rv_paper - truth) < 40).mean() > 0.99
    kept = ~result.spectrum_key.isin(queue.spectrum_key)
    assert (result.rv_paper_from[kept] == "LAMOST").all() and (result.rv_paper[kept] == catalog.lamost_rv[kept]).all()
    assert sum(table7(result, queue).values()) == len(queue)


def decision(key, label):
    return pd.DataFrame([(key, label, "reviewed")], columns=["spectrum_key", "label", "review_status"])


def test_decisions_that_cannot_be_followed():
    catalog, measured, _, _ = survey()
    selection, _ = select(catalog, measured)
    queue = candidates(selection, remeasured(selection), catalog)
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


def test_options_name_their_fields():
    with pytest.raises(TypeError):
        SelectionOptions(tm_width=3)
