"""Queues: pictures, order, and work split among reviewers."""

import numpy as np
import pandas as pd
import pytest
from made_queues import KEYS
from PIL import Image

from mstars.core.errors import InputError
from mstars.files.stores import write_batch
from mstars.review.decisions import DECISION_COLUMNS, read_decisions
from mstars.review.queues import assign, export_queue, ordered, picture_name, write_pictures
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength


@pytest.fixture
def store(tmp_path):
    flux = np.random.default_rng(0).normal(10, 1, (3, N_PIXEL)).astype("f4")
    flux[2] = np.nan
    mask = np.zeros((3, N_PIXEL), np.uint8)
    mask[1, 100:300] = 8
    spectra = SpectrumSet(flux, np.ones_like(flux), mask, lamost_wavelength(), KEYS)
    write_batch(tmp_path / "b1.h5", spectra, pd.DataFrame({"spectrum_key": KEYS}), pd.DataFrame({"reason": []}))
    return lambda batch: tmp_path / f"{batch}.h5"


@pytest.mark.parametrize("queue", ["scm", "dgcm", "rv"])
def test_each_candidate_gets_a_picture_whatever_is_missing(queue, store, index, tmp_path):
    table = pd.DataFrame({"spectrum_key": KEYS, "consensus_label": "M", "lamost_rv": [10.0, None, np.nan]})
    table["rv_tm"], table["rv_tm_err"] = [20.0, 1.0, np.nan], [2.0, np.nan, np.nan]
    assert write_pictures(queue, table, index, store, tmp_path / "pictures") == 3
    sizes = {Image.open(path).size for path in (tmp_path / "pictures").iterdir()}
    assert len(sizes) == 1 and len(list((tmp_path / "pictures").iterdir())) == 3


def test_pictures_do_not_depend_on_the_one_before(store, index, tmp_path):
    table = pd.DataFrame({"spectrum_key": KEYS, "consensus_label": "M"})
    write_pictures("scm", table, index, store, tmp_path / "all")
    write_pictures("scm", table.iloc[[1]], index, store, tmp_path / "one")
    name = picture_name(KEYS[1])
    assert (tmp_path / "all" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_only_so_many_pictures_of_the_first(store, index, tmp_path):
    table = pd.DataFrame({"spectrum_key": KEYS, "consensus_label": "M"})
    assert write_pictures("scm", table, index, store, tmp_path / "p", most=1) == 1
    assert [path.name for path in (tmp_path / "p").iterdir()] == [picture_name(KEYS[0])]
    assert write_pictures("scm", table.iloc[:0], index, store, tmp_path / "none") == 0


def test_a_candidate_without_a_spectrum_is_named(store, index, tmp_path):
    table = pd.DataFrame({"spectrum_key": ["1-x-sp01-001"], "consensus_label": "M"})
    with pytest.raises(InputError, match="queue scm: no stored spectrum of 1-x-sp01-001"):
        write_pictures("scm", table, index, store, tmp_path / "p")


def test_the_queue_is_ordered_and_its_template_decides_nothing_until_filled(tmp_path):
    candidates = pd.DataFrame({"spectrum_key": KEYS, "consensus_label": "M", "priority": [0.1, 0.9, 0.5], "x": 1})
    table = export_queue("scm", candidates, tmp_path / "queue.csv", tmp_path / "template.csv")
    assert list(table["spectrum_key"]) == [KEYS[1], KEYS[2], KEYS[0]]
    written = pd.read_csv(tmp_path / "queue.csv")
    assert list(written.columns[:3]) == ["spectrum_key", "picture", "consensus_label"]
    assert list(pd.read_csv(tmp_path / "template.csv").columns) == list(DECISION_COLUMNS)
    assert len(read_decisions("scm", [tmp_path / "template.csv"])) == 0


def test_a_hostile_key_stays_a_plain_file_name():
    assert picture_name("../../etc/x y<b>") == "______etc_x_y_b_.png"


def test_the_order_is_by_what_the_config_names():
    table = pd.DataFrame({"spectrum_key": ["a", "b", "c"], "spt_class": ["F", "M", "F"], "wdm_class": ["WD", "M", "M"]})
    table = table.assign(CMD_pos=["other", "dM", "dM"], CMD_flag=[1, 0, 1], spt_prob=[0.99, 0.6, 0.8], wdm_prob=1.0)
    table["ood_score"], table["priority"] = [1.0, 9.0, 5.0], [0.2, 0.3, 0.3]
    expected = {"priority": "bca", "disagreement": "cab", "uncertainty": "bca", "ood": "bca", "key": "abc"}
    assert {by: "".join(ordered(table, by)["spectrum_key"]) for by in expected} == expected
    speeds = pd.DataFrame(
        {"spectrum_key": ["a", "b"], "lamost_rv": [0.0, 0.0], "rv_tm": [5.0, 90.0], "rv_tm_err": [9, 1]}
    )
    assert list(ordered(speeds, "disagreement")["spectrum_key"]) == ["b", "a"]
    assert list(ordered(speeds, "uncertainty")["spectrum_key"]) == ["a", "b"]
    with pytest.raises(InputError, match="needs the column ood_score"):
        ordered(speeds, "ood")
    with pytest.raises(InputError, match="review.order: 'mood'"):
        ordered(speeds, "mood")


def test_work_is_split_with_the_planned_overlap_and_stays_split():
    keys = [f"k{number}" for number in range(2000)]
    who = assign(keys, ["ann", "bo", "cy"], 0.1)
    shared = [names for names in who if ";" in names]
    assert 150 < len(shared) < 260 and all(len(set(names.split(";"))) == 2 for names in shared)
    alone = pd.Series([names for names in who if ";" not in names]).value_counts()
    assert set(alone.index) == {"ann", "bo", "cy"} and alone.min() > 500
    assert assign(keys[::7], ["ann", "bo", "cy"], 0.1) == who[::7]
    assert assign(keys[:2], [], 0.5) == ["", ""]
