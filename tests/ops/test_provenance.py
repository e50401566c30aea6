"""Versions and checksums of a run."""

import pytest

from mstars.core.errors import InputError
from mstars.ops.provenance import checksums, provenance


def test_provenance_has_versions_and_checksums_and_names_what_cant_be_read(tmp_path):
    (tmp_path / "b").write_bytes(b"")
    found = provenance(tmp_path, [tmp_path / "b", tmp_path / "b"], {"a": 1}, 3)
    assert found["versions"]["git commit"].startswith("unknown") and {"mstars", "numpy"} <= set(found["versions"])
    assert [row["bytes"] for row in found["inputs"]] == [0] and found["config"] == {"a": 1}
    with pytest.raises(InputError, match=r"none: input of this run can't be read"):
        checksums([tmp_path / "none"])
