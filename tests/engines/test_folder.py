"""Model folders: what was written comes back, and another engine's is refused."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.engines.folder import read_model, write_model
from mstars.engines.registry import engine_info
from mstars.spectra.grids import Grid

INFO, GRID = engine_info("ridge"), Grid.log10(10, 40, [12])
ARRAYS = {"weights": np.arange(6.0).reshape(2, 3).T, "centre": np.ones(30, np.float32)}


@pytest.fixture
def folder(tmp_path):
    about = {"trained_on": "simulated", "label_min": np.array([1.0, 2, 3, 4]), "label_max": None}
    history = pd.DataFrame({"step": [1, 2], "loss": [0.5, 0.25]})
    write_model(tmp_path / "all", INFO, ARRAYS, kind="dM", part="all", grid=GRID, about=about, history=history)
    return tmp_path / "all"


def test_what_is_written_comes_back(folder):
    found = read_model(folder, INFO, kind="dM", grid=GRID)
    assert set(found.arrays) == set(ARRAYS) and found.part == "all" and found.about["trained_on"] == "simulated"
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
    np.testing.assert_array_equal(found.about["label_min"], [1, 2, 3, 4])
    assert found.about["label_max"] is None
    assert (folder / "history.csv").read_text() == "step,loss\n1,0.5\n2,0.25\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "gM"}, "kind is 'dM', expected 'gM'"),
        ({"grid": Grid.log10(10, 40)}, "trained on the grid"),
        ({"info": replace(INFO, version=2)}, "format is 'mstars-ridge-1', expected 'mstars-ridge-2'"),
        ({"info": engine_info("cnn")}, "expected 'mstars-cnn-1'"),
        ({"info": replace(INFO, normalise="none")}, "normalise is 'zscore'"),
        (
            {"info": replace(INFO, labels=("teff",), ranges={kind: {"teff": (1, 2)} for kind in INFO.kinds})},
            "labels is",
        ),
    ],
)
def test_another_engines_folder_is_refused(folder, changes, said):
    arguments = {"info": INFO, "kind": "dM", "grid": GRID} | changes
    with pytest.raises(InputError, match=said):
        read_model(folder, **arguments)


def test_a_damaged_folder_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="not a trained model"):
        read_model(tmp_path, INFO, kind="dM", grid=GRID)
    content = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(content[:-1] + b"\x00\x01")
    with pytest.raises(InputError, match="damaged"):
        read_model(folder, INFO, kind="dM", grid=GRID)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(InputError, match="weights.safetensors: missing"):
        read_model(folder, INFO, kind="dM", grid=GRID)
    description = json.loads((folder / "model.json").read_text())
    del description["about"]
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="missing about"):
        read_model(folder, INFO, kind="dM", grid=GRID)
    (folder / "model.json").write_text("[]")
    with pytest.raises(InputError, match="format is None"):
        read_model(folder, INFO, kind="dM", grid=GRID)
