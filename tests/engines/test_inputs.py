"""Inputs of a training set: written from the stores in the table's order, and refused when they don't fit."""

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.engines.inputs import load_inputs


@pytest.fixture
def ridge(trained_engine):
    return trained_engine("ridge")


def test_inputs_are_what_the_engine_prepares_in_the_tables_order(ridge):
    rows = ridge.training["row"].to_numpy()[[5, 40]]
    expected = ridge.engine.prepare(
        ridge.survey.spectra.select(rows), ridge.survey.catalog["rv"].to_numpy()[rows], ridge.settings
    )
    for name in ("flux", "ivar", "filled"):
        np.testing.assert_array_equal(getattr(ridge.x, name)[[5, 40]], getattr(expected, name))


def test_an_engine_without_inverse_variance_keeps_none(trained_engine, tmp_path):
    cnn = trained_engine("cnn")
    assert cnn.x.ivar is None and cnn.x.take(slice(2)).ivar is None
    assert not (cnn.survey.folder / "inputs" / "ivar.npy").exists()


def test_inputs_of_another_set_or_grid_are_refused(ridge, tmp_path):
    folder, n = ridge.survey.folder / "inputs", len(ridge.training)
    with pytest.raises(InputError, match=rf"flux.npy: float32 \({n}, 5000\), expected float32 \({n + 1}, 5000\)"):
        load_inputs(folder, ridge.engine, ridge.settings, n + 1)
    with pytest.raises(InputError, match="engine_inputs"):
        load_inputs(tmp_path, ridge.engine, ridge.settings, n)
    (tmp_path / "flux.npy").write_bytes(b"text")
    with pytest.raises(InputError, match="not an array"):
        load_inputs(tmp_path, ridge.engine, ridge.settings, n)
