import json
import re

import pytest
from desk_place import HOSTILE, make_queue

from mstars.core.errors import InputError
from mstars_desk.export import export_copy
from mstars_desk.queue_folder import QueueFolder


def blocks(path):
    found = re.findall(r'<script type="application/json" id="([\w-]+)">(.*?)</script>', path.read_text(), re.DOTALL)
    return {name: json.loads(text) for name, text in found}


def test_a_copy_holds_all_it_needs_and_nothing_from_elsewhere(folder, tmp_path):
    queue = QueueFolder(folder)
    (path,) = export_copy(queue, queue.keys[:5], tmp_path / "a.html")
    text, data = path.read_text(), blocks(path)
    assert not re.search(r"(src|href)=\"(?!data:)", text) and "Content-Security-Policy" in text
    assert data["desk-about"]["keys"] == queue.keys[:5]
    assert data["desk-spectrum-4"] == queue.payload(queue.keys[4])


def test_hostile_text_can_not_leave_its_block(tmp_path):
    keys = ["56000-</script><script>alert(1)</script>-sp01-001", f"56000-{HOSTILE}-sp01-002"]
    queue = QueueFolder(make_queue(tmp_path, keys=keys))
    (path,) = export_copy(queue, keys, tmp_path / "a.html")
    assert blocks(path)["desk-about"]["keys"] == keys
    text = path.read_text()
    assert "alert(1)" in text and "<script>alert(1)" not in text and "<img" not in text


def test_many_spectra_are_several_files(folder, tmp_path):
    queue = QueueFolder(folder)
    paths = export_copy(queue, queue.keys, tmp_path / "a.html", per_file=15)
    assert [path.name for path in paths] == ["a.html", "a-2.html", "a-3.html"]
    assert sum((blocks(path)["desk-about"]["keys"] for path in paths), []) == queue.keys


def test_nothing_to_export_or_no_page_is_said(folder, tmp_path):
    queue = QueueFolder(folder)
    with pytest.raises(InputError, match="nothing is left to decide"):
        export_copy(queue, [], tmp_path / "a.html")
    with pytest.raises(InputError, match="must end with .html"):
        export_copy(queue, queue.keys, tmp_path / "a.txt")
