"""Where trained models come from: a folder, a bundle, or nowhere."""

import hashlib
from pathlib import Path

import pytest

from mstars.core.config.whole import filled
from mstars.core.errors import InputError
from mstars.engines.registry import load_engine
from mstars.networks.folder import load_model
from mstars.ops.bundle import CLASSIFIERS, unpack_models
from mstars.ops.model_source import MODELS_IN_THE_BOX, ModelSource, model_source


def test_a_folder_is_taken_with_the_files_in_it(tmp_path):
    for name in ("spt/model.json", "tlma_dM/fold10/model.json", "tlma_dM/fold2/model.json", "tlma_gM/fold0/model.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    source = model_source(tmp_path, "unpacked")
    assert source.folder == str(tmp_path) and source.bundle is None and "spt/model.json" in source.files
    assert source.folds("tlma_dM") == [2, 10] and source.folds("tlma_gM") == [0] and source.folds("tlma") == []
    source.check()


def test_a_fold_without_a_model_is_none():
    assert ModelSource("a", ("tlma_dM/fold1/history.csv", "other/tlma_dM/fold2/model.json")).folds("tlma_dM") == []


def test_a_folder_that_is_not_there_is_named(tmp_path):
    source = model_source(tmp_path / "nowhere", "unpacked")
    assert source.files == ()
    with pytest.raises(
        InputError, match=r"models\.path: .*nowhere is not a folder of models or a bundle; give a folder of models"
    ):
        source.check()


def test_a_file_that_is_no_bundle_is_named(tmp_path):
    (tmp_path / "models.tar.gz").write_text("text")
    with pytest.raises(InputError, match="models.tar.gz: not a bundle of models"):
        model_source(tmp_path / "models.tar.gz", "unpacked")


def test_the_models_that_come_with_mstars_are_whole_and_their_card_is_of_this_file(tmp_path):
    assert MODELS_IN_THE_BOX.stat().st_size <= 10_000_000
    files = unpack_models(MODELS_IN_THE_BOX, tmp_path)
    models = {task: load_model(tmp_path / task) for task in CLASSIFIERS}
    assert models["dmgm"].outputs == ["dM", "gM"] and "M" in models["spt"].outputs
    settings = filled({})["spmm"]
    engine = load_engine("cnn")
    for kind in engine.info.kinds:
        folders = [
            tmp_path / Path(name).parent
            for name in files
            if name.startswith(f"tlma_{kind}/fold") and "model.json" in name
        ]
        model = engine.load(sorted(folders), kind=kind, settings=settings)
        assert model.about["trained_on"] == "simulated" and len(folders) == 10
    card = (MODELS_IN_THE_BOX.parent / "README.md").read_text()
    assert hashlib.sha256(MODELS_IN_THE_BOX.read_bytes()).hexdigest() in card
