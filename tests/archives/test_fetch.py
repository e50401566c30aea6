"""Files over HTTP from a server that fails in every way on command: whole in the end, or one clear line and nothing."""

import gzip
import logging
import os
import random

import numpy as np
import pytest
from astropy.io import fits
from faulty_server import FaultyServer

from mstars.archives.fetch import Absent, Fetcher, Refused, Wanted
from mstars.archives.manifest import record_of
from mstars.archives.secret import Secret, read_token
from mstars.core.errors import InputError

TOKEN = "abc+def/0123456789"


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    pixels = np.frombuffer(random.Random(1).randbytes(700_000), dtype=np.uint8)
    fits.PrimaryHDU(pixels).writeto(folder / "a.fits")
    body = (folder / "a.fits").read_bytes()
    (folder / "b.fits.gz").write_bytes(gzip.compress(body, 1))
    with FaultyServer(folder).running() as running:
        yield running


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def fetcher(pauses):
    return Fetcher(attempts=4, pause=1.0, longest=60.0, timeout=5.0, wait=pauses.append)


def left(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["a.fits", "b.fits.gz"])
@pytest.mark.parametrize("faults", [[], ["busy"], ["error", "error"], ["drop"], ["drop", "drop", "drop"], ["html"]])
def test_the_file_comes_whole_in_the_end(server, fetcher, pauses, tmp_path, name, faults):
    server.faults[f"/{name}"] = list(faults)
    record = fetcher.fetch(Wanted([f"{server.url}/{name}"], tmp_path / "out" / name))
    assert (tmp_path / "out" / name).read_bytes() == (server.folder / name).read_bytes()
    assert left(tmp_path / "out") == [name] and len(pauses) == len(faults)
    assert record == record_of(tmp_path / "out" / name, f"{server.url}/{name}") and "token" not in record.url


def test_a_server_that_sends_all_when_asked_for_the_rest_and_one_that_tells_a_wrong_length(server, fetcher, tmp_path):
    fits.PrimaryHDU(np.arange(90_000)).writeto(server.folder / "c.fits")
    server.faults |= {"/a.fits": ["drop", "stale"], "/b.fits.gz": ["short"], "/c.fits": ["short"]}
    for name in ("a.fits", "b.fits.gz", "c.fits"):
        fetcher.fetch(Wanted([f"{server.url}/{name}"], tmp_path / name))
        assert (tmp_path / name).read_bytes() == (server.folder / name).read_bytes()


def test_a_broken_connection_goes_on_from_where_it_broke(server, fetcher, tmp_path):
    server.faults["/a.fits"] = ["drop", "drop"]
    fetcher.fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits"))
    size = (server.folder / "a.fits").stat().st_size
    first = size // 2
    second = first + (size - first) // 2
    assert [span for _, span in server.asked] == ["", f"bytes={first}-", f"bytes={second}-"]
    assert server.sent["/a.fits"] == size


def test_a_fetch_that_was_killed_goes_on_in_the_next_run(server, fetcher, tmp_path):
    server.faults["/a.fits"] = ["drop"]
    hasty = Fetcher(attempts=1, timeout=5.0)
    with pytest.raises(InputError, match="run again, and it goes on from here"):
        hasty.fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits"))
    assert not (tmp_path / "out" / "a.fits").exists()
    fetcher.fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits"))
    assert server.sent["/a.fits"] == (server.folder / "a.fits").stat().st_size
    fetcher.fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits"))
    assert len(server.asked) == 2  # what is there is not fetched again


def test_a_file_that_changed_meanwhile_is_fetched_anew(server, fetcher, tmp_path):
    server.faults["/a.fits"] = ["drop"]
    with pytest.raises(InputError):
        Fetcher(attempts=1, timeout=5.0).fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits"))
    fits.PrimaryHDU(np.arange(7000)).writeto(server.folder / "a.fits", overwrite=True)
    fetcher.fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits"))
    assert (tmp_path / "out" / "a.fits").read_bytes() == (server.folder / "a.fits").read_bytes()


def test_pauses_grow_and_retry_after_is_obeyed(server, fetcher, pauses, tmp_path):
    server.faults["/a.fits"] = ["error", "error", "busy"]
    fetcher.fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "a.fits"))
    assert 0.5 <= pauses[0] <= 1.5 and 1.0 <= pauses[1] <= 3.0 and pauses[2] == 0.0
    pauses.clear()
    server.faults["/b.fits.gz"] = ["busy_long"]
    with pytest.raises(InputError, match="the server answered 503.*last success"):
        fetcher.fetch(Wanted([f"{server.url}/b.fits.gz"], tmp_path / "b.fits.gz"))
    assert pauses == []  # an hour is longer than a job waits


def test_the_next_mirror_is_asked_when_one_is_down_or_lacks_the_file(server, fetcher, tmp_path):
    with FaultyServer(tmp_path).running() as gone:
        down = gone.url
    urls = [f"{down}/a.fits", f"{server.url}/missing.fits", f"{server.url}/a.fits"]
    record = fetcher.fetch(Wanted(urls, tmp_path / "a.fits"))
    assert record.url == urls[2]


def test_what_no_mirror_has_is_absent(server, fetcher, tmp_path):
    with pytest.raises(Absent, match="does not have it.*404"):
        fetcher.fetch(Wanted([f"{server.url}/c.fits", f"{server.url}/d.fits"], tmp_path / "out" / "c.fits"))
    assert left(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("published", "said"),
    [
        ({"bytes": 5}, "705600 bytes, 5 are published"),
        ({"checksum": "sha256:" + "0" * 64}, "sha256 is not the published"),
        ({"checksum": "sha1:" + "0" * 40}, "sha1 is not the published"),
    ],
)
def test_a_file_that_is_not_the_published_one_is_refused(server, fetcher, tmp_path, published, said):
    with pytest.raises(InputError, match=said):
        fetcher.fetch(Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits", **published))
    assert left(tmp_path / "out") == []


def test_a_truncated_gzip_and_a_file_of_another_kind_are_refused(server, fetcher, tmp_path):
    whole = (server.folder / "b.fits.gz").read_bytes()
    (server.folder / "cut.fits.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="gzip stream is cut off"):
        fetcher.fetch(Wanted([f"{server.url}/cut.fits.gz"], tmp_path / "out" / "cut.fits.gz"))
    whole = (server.folder / "a.fits").read_bytes()
    (server.folder / "cut.fits").write_bytes(whole[:300_000])
    with pytest.raises(InputError, match="it is cut off: 300000 of"):
        fetcher.fetch(Wanted([f"{server.url}/cut.fits"], tmp_path / "out" / "cut.fits"))
    (server.folder / "head.fits").write_bytes(whole[:200])
    with pytest.raises(InputError, match="headers are cut off"):
        fetcher.fetch(Wanted([f"{server.url}/head.fits"], tmp_path / "out" / "head.fits"))
    (server.folder / "text.fits").write_text("obsid not found")
    with pytest.raises(InputError, match="it is no FITS file"):
        fetcher.fetch(Wanted([f"{server.url}/text.fits"], tmp_path / "out" / "text.fits"))
    assert left(tmp_path / "out") == []


def test_a_token_is_needed_and_never_told(server, pauses, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    server.token = TOKEN
    wanted = Wanted([f"{server.url}/a.fits"], tmp_path / "out" / "a.fits")
    with pytest.raises(Refused, match="a token is needed"):
        Fetcher(wait=pauses.append).fetch(wanted)
    with pytest.raises(Refused, match="the token is refused"):
        Fetcher(Secret("wrong"), wait=pauses.append).fetch(wanted)
    assert left(tmp_path / "out") == []
    server.faults["/a.fits"] = ["error", "drop"]
    right = Fetcher(Secret(TOKEN), wait=pauses.append)
    record = right.fetch(wanted)
    server.faults["/b.fits.gz"] = ["error"] * 9
    with pytest.raises(InputError) as failed:
        right.fetch(Wanted([f"{server.url}/b.fits.gz"], tmp_path / "out" / "b.fits.gz"))
    written = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    for text in (caplog.text, str(failed.value), str(record), repr(right.token), repr(vars(right)), str(written)):
        assert TOKEN not in text and "abc%2Bdef" not in text


def test_a_token_comes_from_the_environment_or_a_file(tmp_path, monkeypatch):
    monkeypatch.delenv("SOME_TOKEN", raising=False)
    assert read_token("SOME_TOKEN", None) is None
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert read_token("SOME_TOKEN", tmp_path / "token").reveal() == TOKEN
    monkeypatch.setenv("SOME_TOKEN", "other")
    assert read_token("SOME_TOKEN", tmp_path / "token").reveal() == "other"
    monkeypatch.setenv("SOME_TOKEN", "two words")
    with pytest.raises(InputError, match="SOME_TOKEN: not a token") as error:
        read_token("SOME_TOKEN", None)
    assert "two words" not in str(error.value)
    monkeypatch.delenv("SOME_TOKEN")
    with pytest.raises(InputError, match="acquire.token_file: .*none: can't be read"):
        read_token("SOME_TOKEN", tmp_path / "none")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system, as root")
def test_a_full_disk_is_an_error_of_the_disk_and_leaves_no_file(server, fetcher, tmp_path):
    import subprocess

    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", small], check=False).returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        with pytest.raises(OSError, match="No space left"):
            fetcher.fetch(Wanted([f"{server.url}/a.fits"], small / "a.fits"))
        assert not (small / "a.fits").exists()
    finally:
        subprocess.run(["umount", small], check=True)
