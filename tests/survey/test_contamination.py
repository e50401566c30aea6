"""Contamination from the random check."""

import numpy as np
import pandas as pd
import pytest

from mstars.paper.numbers import random_numbers
from mstars.paper.paper_tables import contamination_table
from mstars.paper.rendering import to_markdown
from mstars.review.decisions import DECISION_COLUMNS
from mstars.review.queues import ordered
from mstars.review.spot_check import spot_check
from mstars.survey.contamination import checked_contamination, contamination, population


def survey(n=6000, seed=0):
    """Spectra as SCM leaves them: unknown 8 % below S/N 10, 0.5 % above, K 20 % of what SCM queued; half are faint."""
    rng = np.random.default_rng(seed)
    snri = np.where(rng.random(n) < 0.5, rng.uniform(2, 10, n), rng.uniform(20.1, 50, n))
    keys = [f"k{seed}-{number:05d}" for number in range(n)]
    reasons = np.where(rng.random(n) < 0.1, "cmd", "")
    table = pd.DataFrame({"spectrum_key": keys, "candidate_reasons": reasons, "dmgm_class": "dM", "snri": snri})
    unknown = rng.random(n) < np.where(snri < 10, 0.08, 0.005)
    late = (reasons == "cmd") & (rng.random(n) < 0.2)
    table["truth"] = np.where(late, "K", np.where(unknown, "unknown", "dM"))
    return table


def random_queue(table, size, seed):
    """The queue random of that survey, in its order."""
    catalog = table[["spectrum_key"]].assign(lamost_class="dM", **{f"snr{band}": 9.0 for band in "ugriz"})
    place = table[["spectrum_key"]].assign(CMD_flag=0, CMD_pos="", bp_rp_0=np.nan, M_G_0=np.nan)
    dmgm = table[["spectrum_key", "dmgm_class"]].assign(dmgm_prob=0.9)
    return ordered(spot_check(catalog, table.iloc[:0], dmgm, place, size, seed))["spectrum_key"].tolist()


@pytest.mark.slow
def test_contamination_from_the_random_queue_has_the_true_share_and_errors_that_hold():
    inside, off, plain = [], [], []
    for trial in range(60):
        table = survey(2000, trial)
        spectra = population(table, table)
        keys = random_queue(table, 1500, trial)[:600]
        seen = table[table["spectrum_key"].isin(keys)].rename(columns={"truth": "label"})
        row = contamination(spectra, seen, trial).set_index(["label", "stratum"]).loc[("not M", "all")]
        true = 100 * (table["truth"] != "dM").mean()
        inside.append(row["low"] <= true <= row["high"])
        off.append(row["share"] - true)
        left = (~table["spectrum_key"].isin(keys) & (table["truth"] != "dM")).sum()
        plain.append((row["left"] - left) / ((row["left_high"] - row["left_low"]) / 2))
    assert np.mean(inside) == pytest.approx(0.68, abs=3 * np.sqrt(0.68 * 0.32 / 60))
    assert abs(np.mean(off)) < 3 * np.std(off) / np.sqrt(60)
    assert np.std(plain) == pytest.approx(1, abs=0.35)


def test_a_check_that_prefers_faint_spectra_is_weighted():
    table = survey(40_000)
    rng = np.random.default_rng(1)
    seen = table[rng.random(len(table)) < np.where(table["snri"] < 10, 0.2, 0.05)].rename(columns={"truth": "label"})
    found = contamination(population(table, table), seen).set_index(["label", "stratum"])
    row = found.loc[("unknown", "all")]
    half = (row["high"] - row["low"]) / 2
    assert abs(row["share"] - 100 * (table["truth"] == "unknown").mean()) < 3 * half and 0 < half < 0.4
    assert 100 * (seen["label"] == "unknown").mean() > row["share"] + 3 * half  # what plain counting would say
    assert random_numbers(found.reset_index())["random_unknown_share"] == row["share"]
    assert found.loc[("K", "20-50"), "n_found"] == 0 and found.loc[("K", "candidates of SCM"), "share"] > 10


def test_the_random_check_covers_what_no_person_has_looked_at():
    table = survey(500)
    table.loc[0, "candidate_reasons"] = "cmd;dgcm:lamost"  # a giant candidate: another queue
    table.loc[1, "dmgm_class"] = ""  # SCM took it out
    queued = table.index[table["candidate_reasons"] == "cmd"][:3]
    known = population(table, table, table.loc[queued, "spectrum_key"])
    assert set(table["spectrum_key"]) - set(known["spectrum_key"]) == set(table.loc[[0, 1, *queued], "spectrum_key"])
    assert set(known["stratum"]) == {"<10", "20-50", "candidates of SCM"}


def test_all_looked_at_leaves_no_error_and_nothing_to_find():
    table = survey(500)
    found = contamination(population(table, table), table.rename(columns={"truth": "label"})).set_index("stratum")
    row = found[found["label"] == "not M"].loc["all"]
    assert row["share"] == row["low"] == row["high"] == pytest.approx(100 * (table["truth"] != "dM").mean())
    assert row["left"] == row["left_high"] == 0


def test_without_a_check_there_is_no_share_and_the_table_says_what_to_do():
    table = survey(100)
    nothing = pd.DataFrame({"spectrum_key": [], "label": []}).astype(str)
    for spectra in (population(table, table), population(table.iloc[:0], table)):
        found = contamination(spectra, nothing)
        assert found["share"].isna().all() and "No one has looked" in to_markdown(contamination_table(found, "demo"))
        assert np.isnan(random_numbers(found)["random_unknown_share"])


def test_decision_files_of_the_random_check_are_read_and_reviewed_candidates_are_left_out(tmp_path):
    table = survey(400, 3)
    scm = table.loc[table["candidate_reasons"] != "", ["spectrum_key"]].assign(review_status="reviewed")
    scm.iloc[0, scm.columns.get_loc("review_status")] = "provisional"
    keys = table.loc[table["candidate_reasons"] == "", "spectrum_key"].head(50)
    lines = [",".join([key, "K" if number < 5 else "dM", "", "ann", "2026-01-02T10:00:00Z", ""])
             for number, key in enumerate(keys)]  # fmt: skip
    (tmp_path / "ann.csv").write_text("\n".join([",".join(DECISION_COLUMNS), *lines]) + "\n")
    found, n = checked_contamination(table, table, scm, [tmp_path / "ann.csv"], survey="made", seed=1)
    looked_at = scm.loc[scm["review_status"] == "reviewed", "spectrum_key"]
    said = pd.DataFrame({"spectrum_key": keys, "label": ["K"] * 5 + ["dM"] * 45})
    plain = contamination(population(table, table, looked_at), said, 1)
    assert n == 50
    pd.testing.assert_frame_equal(found, plain)
    assert checked_contamination(table, table, scm, [], survey="made", seed=1)[1] == 0
