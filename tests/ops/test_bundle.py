"""A bundle of trained models: whole, the same bytes each time, and refused when anything about it is off."""

import gzip
import io
import json
import shutil
import tarfile

import pytest

from mstars.core.errors import InputError
from mstars.ops.bundle import model_files, pack_models, read_listing, unpack_models


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
    folder = tmp_path / "bundles" / "one"
    written = unpack_models(bundle, folder)
    assert model_files(folder) == model_files(models)
    for name in model_files(models):
        assert (folder / name).read_bytes() == (models / name).read_bytes()
    assert (folder / "LICENSE").read_text() == "BSD"
    facts = json.loads((folder / "bundle.json").read_text())
    assert facts["about"] == {"survey": "demo"} and "spt/.checkpoint.json" not in facts["files"]
    assert written == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
    # a bundle of what came out of a bundle is the same bundle
    pack_models(folder, tmp_path / "again.tar.gz", tmp_path / "LICENSE", {"survey": "demo"})
    assert (tmp_path / "again.tar.gz").read_bytes() == bundle.read_bytes()


def test_unpacking_into_the_folder_of_an_earlier_try(models, bundle, tmp_path):
    (tmp_path / "one" / "spt").mkdir(parents=True)
    (tmp_path / "one" / "spt" / "model.json").write_text("half a file")
    unpack_models(bundle, tmp_path / "one")
    assert (tmp_path / "one" / "spt" / "model.json").read_bytes() == (models / "spt" / "model.json").read_bytes()


def test_the_listing_is_read_without_unpacking(models, bundle, tmp_path):
    name, files = read_listing(bundle)
    assert files == unpack_models(bundle, tmp_path / "one")
    # all but the first entry may be damaged, which the listing does not see
    with tarfile.open(bundle) as tar:
        second = tar.getmembers()[1]
    bundle.write_bytes(gzip.compress(gzip.decompress(bundle.read_bytes())[: second.offset]))
    assert read_listing(bundle) == (name, files)


def test_other_models_have_another_name(models, bundle, tmp_path):
    first, files = read_listing(bundle)
    assert first.startswith("models-")
    (models / "spt/weights.safetensors").write_text("trained again")
    pack_models(models, bundle, tmp_path / "LICENSE", {"survey": "demo"})
    second, same_files = read_listing(bundle)
    assert second != first and same_files == files


@pytest.mark.parametrize("name", ["wdm/weights.safetensors", "ood/basis.safetensors", "tlma_gM/calibration.json"])
def test_models_that_are_not_whole_are_not_packed(models, tmp_path, name):
    (models / name).unlink()
    with pytest.raises(InputError, match=name):
        pack_models(models, tmp_path / "models.tar.gz", tmp_path / "LICENSE")
    assert not (tmp_path / "models.tar.gz").exists()


def test_folds_of_both_kinds_must_be_as_many(models, tmp_path):
    (models / "tlma_gM/fold2/model.json").unlink()
    with pytest.raises(InputError, match="engine cnn: 3 of dM, 2 of gM"):
        pack_models(models, tmp_path / "models.tar.gz", tmp_path / "LICENSE")


def of_ridge(models):
    """Adds the engine ridge, whole."""
    for kind in ("dM", "gM"):
        names = [f"{part}/{name}" for part in ("fold0", "all") for name in ("model.json", "weights.safetensors")]
        for name in [*names, "calibration.json", "out_of_fold.parquet"]:
            (models / f"ridge_{kind}" / name).parent.mkdir(parents=True, exist_ok=True)
            (models / f"ridge_{kind}" / name).write_text(f"content of {name}")


def test_a_bundle_holds_any_engines_each_of_them_whole(models, tmp_path):
    for folder in models.glob("tlma_*"):
        shutil.rmtree(folder)
    with pytest.raises(InputError, match="no parameter models of any engine"):
        model_files(models)
    of_ridge(models)
    assert "ridge_gM/all/weights.safetensors" in model_files(models)
    pack_models(models, tmp_path / "models.tar.gz", tmp_path / "LICENSE")
    unpack_models(tmp_path / "models.tar.gz", tmp_path / "unpacked")
    assert model_files(tmp_path / "unpacked") == model_files(models)
    for kind in ("dM", "gM"):
        (models / f"ridge_{kind}/all/model.json").unlink()
    with pytest.raises(InputError, match="none of which predicts"):
        model_files(models)


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
        unpack_models(bundle, tmp_path / "bundles" / "one")
    assert not list((tmp_path / "bundles").rglob("*")) and not (tmp_path / "outside.json").exists()


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"text", mtime=0)])
def test_a_file_that_is_no_bundle(tmp_path, content):
    (tmp_path / "some.tar.gz").write_bytes(content)
    with pytest.raises(InputError, match="not a bundle of models"):
        unpack_models(tmp_path / "some.tar.gz", tmp_path / "bundles")
    with pytest.raises(InputError, match="not a bundle of models"):
        read_listing(tmp_path / "some.tar.gz")


def test_half_a_bundle(bundle, tmp_path):
    bundle.write_bytes(bundle.read_bytes()[:-200])
    with pytest.raises(InputError, match="not a bundle of models, or damaged"):
        unpack_models(bundle, tmp_path / "bundles")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda files: files.pop("bundle.json"), "no bundle.json"),
        (lambda files: files.update({"bundle.json": b'{"format": "other", "files": {}}'}), "format is 'other'"),
        (lambda files: files.update({"bundle.json": b'{"files": {"../a.json": {"sha256": ""}}}'}), "has no place"),
    ],
)
def test_a_listing_that_is_off_is_refused(bundle, change, message):
    with pytest.raises(InputError, match=message):
        read_listing(rewritten(bundle, change))


def packed(path, *entries):
    """A tar.gz of entries, each a `tarfile.TarInfo` with its content."""
    with tarfile.open(path, "w:gz") as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def entry(name, kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_links_and_devices_have_no_place(tmp_path, kind):
    path = packed(tmp_path / "a.tar.gz", (entry("spt/model.json", kind, "/etc/passwd"), b""))
    with pytest.raises(InputError, match="model.json' has no place"):
        unpack_models(path, tmp_path / "bundles" / "one")
    assert not (tmp_path / "bundles").exists()


def test_a_bundle_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path):
    path = packed(tmp_path / "a.tar.gz", (entry("spt/weights.safetensors"), bytes(50_000_000)))
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match="unpacks to more than 1[01] MB; not a bundle of models"):
        unpack_models(path, tmp_path / "bundles" / "one")


def test_a_name_twice_and_json_without_end_are_refused(tmp_path):
    path = packed(tmp_path / "a.tar.gz", (entry("a.json"), b"1"), (entry("a.json"), b"2"))
    with pytest.raises(InputError, match="a.json is in it twice"):
        unpack_models(path, tmp_path / "one")
    path = packed(tmp_path / "b.tar.gz", (entry("bundle.json"), b"[" * 100_000))
    for read in (read_listing, lambda path: unpack_models(path, tmp_path / "one")):
        with pytest.raises(InputError, match="no bundle.json"):
            read(path)
