"""A bundle of trained models: whole, the same bytes each time, and refused when anything about it is off."""

import gzip
import io
import json
import tarfile

import pytest

from mstars.core.errors import InputError
from mstars.ops.bundle import model_files, pack_models, unpack_models


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    names = [f"{task}/{name}" for task in ("spt", "wdm", "dmgm") for name in ("model.json", "weights.safetensors")]
    names += ["ood/model.json", "ood/basis.safetensors", "spt/history.csv", "spt/.checkpoint.json"]
    for kind in ("dM", "gM"):
        names += [f"tlma_{kind}/{name}" for name in ("calibration.json", "out_of_fold.parquet")]
        names += [f"tlma_{kind}/fold{n}/{name}" for n in range(3) for name in ("model.json", "weights.safetensors")]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")
    (tmp_path / "LICENSE").write_text("BSD")
    return folder


@pytest.fixture
def bundle(models, tmp_path):
    pack_models(models, tmp_path / "models.tar.gz", tmp_path / "LICENSE", {"survey": "demo"})
    return tmp_path / "models.tar.gz"


def rewritten(bundle, change):
    """The bundle with its members changed by ``change(dict of name to bytes)``."""
    with tarfile.open(bundle) as tar:
        files = {entry.name: tar.extractfile(entry).read() for entry in tar}
    change(files)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    bundle.write_bytes(gzip.compress(buffer.getvalue()))
    return bundle


def test_what_is_packed_comes_back(models, bundle, tmp_path):
    folder = unpack_models(bundle, tmp_path / "bundles")
    assert model_files(folder) == model_files(models)
    for name in model_files(models):
        assert (folder / name).read_bytes() == (models / name).read_bytes()
    assert (folder / "LICENSE").read_text() == "BSD"
    facts = json.loads((folder / "bundle.json").read_text())
    assert facts["about"] == {"survey": "demo"} and "spt/.checkpoint.json" not in facts["files"]
    assert unpack_models(bundle, tmp_path / "bundles") == folder
    # a bundle of what came out of a bundle is the same bundle
    pack_models(folder, tmp_path / "again.tar.gz", tmp_path / "LICENSE", {"survey": "demo"})
    assert (tmp_path / "again.tar.gz").read_bytes() == bundle.read_bytes()


def test_other_models_go_into_another_folder(models, bundle, tmp_path):
    first = unpack_models(bundle, tmp_path / "bundles")
    (models / "spt/weights.safetensors").write_text("trained again")
    pack_models(models, bundle, tmp_path / "LICENSE")
    assert unpack_models(bundle, tmp_path / "bundles") != first


@pytest.mark.parametrize("name", ["wdm/weights.safetensors", "ood/basis.safetensors", "tlma_gM/calibration.json"])
def test_models_that_are_not_whole_are_not_packed(models, tmp_path, name):
    (models / name).unlink()
    with pytest.raises(InputError, match=name):
        pack_models(models, tmp_path / "models.tar.gz", tmp_path / "LICENSE")
    assert not (tmp_path / "models.tar.gz").exists()


def test_folds_of_both_kinds_must_be_as_many(models, tmp_path):
    (models / "tlma_gM/fold2/model.json").unlink()
    with pytest.raises(InputError, match="3 folds of dM and 2 of gM"):
        pack_models(models, tmp_path / "models.tar.gz", tmp_path / "LICENSE")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda files: files.update({"spt/weights.safetensors": b"other"}), "weights.safetensors is damaged"),
        (lambda files: files.pop("ood/model.json"), "ood/model.json is not both"),
        (lambda files: files.update({"extra.json": b"{}"}), "extra.json is not both"),
        (lambda files: files.update({"../outside.json": b"{}"}), "outside.json' has no place"),
        (lambda files: files.update({"/etc/outside.json": b"{}"}), "outside.json' has no place"),
        (lambda files: files.update({"spt/run.py": b"print()"}), "run.py' has no place"),
        (lambda files: files.pop("bundle.json"), "no bundle.json"),
        (lambda files: files.update({"bundle.json": b"[1]"}), "no bundle.json"),
        (lambda files: files.update({"bundle.json": b'{"format": "other", "files": {}}'}), "format is 'other'"),
    ],
)
def test_a_bundle_that_is_off_is_refused_and_leaves_nothing(bundle, tmp_path, change, message):
    rewritten(bundle, change)
    with pytest.raises(InputError, match=message):
        unpack_models(bundle, tmp_path / "bundles")
    assert not list((tmp_path / "bundles").glob("*")) and not (tmp_path / "outside.json").exists()


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"text")])
def test_a_file_that_is_no_bundle(tmp_path, content):
    (tmp_path / "some.tar.gz").write_bytes(content)
    with pytest.raises(InputError, match="not a bundle of models"):
        unpack_models(tmp_path / "some.tar.gz", tmp_path / "bundles")


def test_half_a_bundle(bundle, tmp_path):
    bundle.write_bytes(bundle.read_bytes()[:-200])
    with pytest.raises(InputError, match="not a bundle of models, or damaged"):
        unpack_models(bundle, tmp_path / "bundles")
