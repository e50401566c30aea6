"""Engines beside each other as a user meets them: every engine in one run, and what stops before the first job."""

import json
import shutil

import pytest
from places import ROOT
from workdir import outcome

pytestmark = pytest.mark.workflow


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path


def dry_run(place, *targets, overlays=(), **overlay):
    (place / "overlay.yaml").write_text(json.dumps(overlay))
    files = ("--configfile", place / "config/config.yaml", *overlays, place / "overlay.yaml")
    return outcome(place, "-n", *targets, *files)


def jobs_of(text):
    return dict(line.split() for line in text.splitlines() if len(line.split()) == 2 and line.split()[1].isdigit())


def test_every_engine_in_one_run(place):
    code, text = dry_run(place, "engines_beside", overlays=[place / "config/engines.yaml"], simulate={"groups": True})
    assert code == 0, text
    jobs = jobs_of(text)
    assert jobs["engine_table"] == "6" and jobs["combined_fit"] == "2" and jobs["csn_train"] == "1"
    assert {"compare_engines", "engine_groups", "engines_catalog", "engines_page", "simulate_groups"} <= set(jobs)
    assert "engine_scales" not in jobs


def test_one_engine_alone_has_its_page_and_another_scale_is_asked_for(place):
    code, text = dry_run(place, "engines_beside", parameters={"scale_to": "starhorse"})
    assert code == 0 and {"engine_scales", "engines_page"} <= set(jobs_of(text)), text


def test_a_scale_that_nothing_is_on_and_combined_alone_stop_at_once(place):
    code, text = dry_run(place, "engines_beside", parameters={"scale_to": "mann2015"})
    assert code != 0 and "parameters.scale_to: nothing is on the scale 'mann2015'; there are: apogee_dr16" in text
    code, text = dry_run(place, "engines", parameters={"engine": "combined"})
    assert code != 0 and "combined needs other engines beside it" in text


def test_labels_errors_are_those_that_cnn_tlma_found_where_it_is_enabled(place):
    target = "results/demo/models/ridge_dM/calibration.json"
    code, text = dry_run(place, target)
    assert code == 0 and jobs_of(text)["engine_calibrate"] == "2", text
    code, text = dry_run(place, target, parameters={"engine": "ridge"})
    assert code == 0 and jobs_of(text)["engine_calibrate"] == "1", text
    code, text = dry_run(place, target.replace("ridge", "tlma"), parameters={"also": ["ridge"]})
    assert code == 0 and jobs_of(text)["engine_calibrate"] == "1", text
