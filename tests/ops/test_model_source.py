"""Where trained models come from: a folder, a bundle, or nowhere."""

import pytest

from mstars.core.errors import InputError
from mstars.ops.model_source import ModelSource, model_source


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
        InputError, match=r"models\.path: .*nowhere is not a folder of models or a bundle; train models first"
    ):
        source.check()


def test_a_file_that_is_no_bundle_is_named(tmp_path):
    (tmp_path / "models.tar.gz").write_text("text")
    with pytest.raises(InputError, match="models.tar.gz: not a bundle of models"):
        model_source(tmp_path / "models.tar.gz", "unpacked")
