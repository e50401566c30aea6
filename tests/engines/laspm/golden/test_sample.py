"""The whole cleaning: planted bad candidates leave, good ones stay, and each that leaves has a reason."""

import numpy as np
import pandas as pd
import pytest
from made_golden import BAD, make_candidates

from mstars.core.errors import InputError
from mstars.engines.laspm.golden import sample
from mstars.engines.laspm.golden.sample import (
    after_review,
    check_members,
    cluster_candidates,
    finish_classes,
    finish_sample,
)
from mstars.engines.laspm.golden.settings import Golden

SETTINGS = Golden().model_dump()
SETTINGS["clusters"] |= {"bins": (150, 0.1, 0.15), "keep": 30}
SETTINGS["network"] |= {"steps": 400, "hidden": (128, 32)}


def decided(queue):
    return queue.rename(columns={"consensus_label": "label"}).assign(review_status="provisional")


@pytest.fixture(scope="module")
def finished():
    table, spectra, what = make_candidates(1000, bad=100)
    clustered = cluster_candidates(table, spectra, SETTINGS)
    reviewed = after_review(clustered.table, decided(clustered.queue))
    return table, what, finish_sample(table, spectra, reviewed, SETTINGS, np.random.default_rng(1))


def test_of_planted_bad_spectra_nine_in_ten_leave_and_of_good_ones_one_in_ten_at_most(finished):
    _, what, found = finished
    considered = found.fates["reason"].to_numpy() != "the bin is full"
    gone = (found.fates["stage"] != "member").to_numpy() & considered
    for kind in BAD:
        assert gone[(what == kind) & considered].mean() >= 0.9, kind
    assert gone[(what == "") & considered].mean() <= 0.1


def test_each_that_leaves_has_a_stage_and_a_reason(finished):
    table, _, found = finished
    left = found.fates["stage"] != "member"
    assert (found.fates["reason"][left] != "").all() and (found.fates["reason"][~left] == "").all()
    assert set(found.fates["stage"]) - {"network"} == {"clusters", "review", "doubles", "member"}
    assert ((found.fates["round"] > 0) == (found.fates["stage"] == "network")).all()
    assert found.fates["spectrum_key"].tolist() == table["spectrum_key"].tolist()
    assert "km/s" in found.fates.loc[found.fates["stage"] == "doubles", "reason"].iloc[0]
    assert found.fates.loc[found.fates["stage"] == "network", "reason"].str.startswith("network: ").all()


def test_members_are_recalibrated(finished):
    table, _, found = finished
    assert len(found.spectra) == len(found.members) and found.spectra.flux.mean() == pytest.approx(1, abs=1e-4)
    x = np.linspace(-1, 1, found.spectra.flux.shape[1])
    slope = np.polynomial.polynomial.polyfit(x, found.spectra.flux.T, 1)[1]
    assert slope.std() < 0.04  # 0.1 were planted
    tested = found.fates.loc[found.members, "predicted_teff"]
    off = tested - table.loc[found.members, "teff"]
    assert tested.notna().mean() > 0.95 and np.median(np.abs(off)) < 60


def test_the_same_random_numbers_give_the_same_sample(finished):
    table, spectra, _ = make_candidates(300, bad=20)
    settings = SETTINGS | {"network": SETTINGS["network"] | {"steps": 20}}
    clustered = cluster_candidates(table, spectra, settings)
    reviewed = after_review(clustered.table, decided(clustered.queue))
    one, two = (finish_sample(table, spectra, reviewed, settings, np.random.default_rng(4)) for _ in range(2))
    pd.testing.assert_frame_equal(one.fates, two.fates)
    np.testing.assert_array_equal(one.spectra.flux, two.spectra.flux)


def test_decisions_count_more_than_clusters():
    clustered = pd.DataFrame(
        {"spectrum_key": list("abcd"), "status": ["kept", "kept", "alone in its bin", "no cluster"]}
    )
    decisions = pd.DataFrame(
        {"spectrum_key": list("bcd"), "label": ["reject", "keep", "reject"], "review_status": "reviewed"}
    )
    found = after_review(clustered, decisions)
    assert found["stays"].tolist() == [True, False, True, False]
    assert found["reason"].tolist() == ["", "review: reject", "", "review: reject"]


def test_too_few_members_are_told():
    with pytest.raises(InputError, match="golden sample: 3 gM stars, at least 20"):
        check_members({"dM": 50, "gM": 3}, 20)
    check_members({"dM": 50, "gM": 20}, 20)


def test_every_m_spectrum_has_one_row_and_who_is_no_member_has_a_reason(monkeypatch):
    table, spectra, _ = make_candidates(260, bad=30)
    labels = table.assign(luminosity_class=np.where(np.arange(260) < 180, "dM", "gM"), primary=True, reason="")
    gone = np.arange(260) % 13 == 0
    labels.loc[gone, ["source", "reason"]] = "", "labels disagree with the reference"
    labels.loc[np.arange(260) % 26 == 0, ["primary", "reason"]] = False, "RUWE of a binary"
    place = dict(zip(labels["spectrum_key"], range(260), strict=True))

    def spectra_of(own, stores, settings, shapes=None):
        return spectra.take([place[key] for key in own["spectrum_key"]])

    monkeypatch.setattr(sample, "ready_spectra", spectra_of)
    settings = SETTINGS | {"network": SETTINGS["network"] | {"rounds": 0}}
    tables, queues = [], []
    for _, own in labels[labels["source"] != ""].groupby("luminosity_class"):
        clustered = cluster_candidates(own.reset_index(drop=True), spectra_of(own, {}, settings), settings)
        tables.append(clustered.table)
        queues.append(decided(clustered.queue))
    found = finish_classes(
        labels, pd.concat(tables), pd.concat(queues), {}, settings, lambda kind: np.random.default_rng(1), 20
    )
    fates = found.fates.set_index("spectrum_key")
    assert sorted(fates.index) == sorted(labels["spectrum_key"])
    assert ((fates["reason"] == "") == (fates["stage"] == "member")).all()
    assert set(fates.loc[labels.loc[gone, "spectrum_key"], "stage"]) == {"labels", "selection"}
    assert len(found.spectra) == len(found.members) == (fates["stage"] == "member").sum()
    with pytest.raises(InputError, match="golden sample: .* at least 1000"):
        finish_classes(
            labels, pd.concat(tables), pd.concat(queues), {}, settings, lambda kind: np.random.default_rng(1), 1000
        )
