"""Models and folds as a user meets them: what is missing is said, one fold is trained alone."""

import json
import shutil

import pytest
from places import ROOT
from workdir import outcome

from mstars.ops.model_source import MODELS_IN_THE_BOX

pytestmark = pytest.mark.workflow


@pytest.fixture
def place(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "fits").mkdir()
    (tmp_path / "fits" / "a.fits").write_text("any")
    return tmp_path


def dry_run(place, *targets, **overlay):
    (place / "overlay.yaml").write_text(json.dumps(overlay))
    overlays = ("--configfile", place / "config/config.yaml", place / "overlay.yaml")
    return outcome(place, "-n", *targets, *overlays)


def files_survey(place):
    return {"survey": {"name": "mine", "kind": "files"}, "files": {"spectra": f"{place}/fits"}}


def test_a_folder_of_files_takes_the_models_that_come_with_mstars(place):
    code, text = dry_run(place, **files_survey(place))
    assert code == 0 and f"models of {MODELS_IN_THE_BOX}" in text, text
    assert not {"simulate_plates", "train", "train_fold", "fit_outliers"} & set(text.split())
    code, text = dry_run(place, "ingest", **files_survey(place))
    assert code == 0 and "unpack_models" not in text, text  # ingest needs no models


def test_a_models_path_that_does_not_exist_stops_at_once(place):
    code, text = dry_run(place, **files_survey(place), models={"path": "nowhere"})
    assert code != 0 and "models.path: nowhere is not a folder" in text
    (place / "empty").mkdir()
    code, text = dry_run(place, **files_survey(place), models={"path": "empty"})
    assert code != 0 and "models.path: empty is not a folder of models or a bundle" in text
    (place / "empty" / "spt").mkdir()
    (place / "empty" / "spt" / "model.json").write_text("{}")
    code, text = dry_run(place, **files_survey(place), models={"path": "empty"})
    assert code != 0 and "models.path: empty/tlma_dM has no fold*/model.json" in text


def test_one_fold_is_trained_alone(place):
    code, text = dry_run(place, "results/demo/models/tlma_gM/fold3/model.json")
    assert code == 0, text
    jobs = dict(line.split() for line in text.splitlines() if len(line.split()) == 2 and line.split()[1].isdigit())
    assert jobs["train_fold"] == "1" and "scorecard" not in jobs
