"""Inputs of a training on disk."""

import numpy as np
import pandas as pd
import pytest
from made_networks import make_store

from mstars.core.errors import InputError
from mstars.networks.data import load_network_inputs, write_network_inputs
from mstars.spectra.preprocessing import classifier_input


def test_inputs_are_written_in_the_order_of_the_table(tmp_path):
    stores, sets = {}, {}
    for number, batch in enumerate("ab"):
        keys = np.array([f"{batch}{i}" for i in range(6)])
        stores[batch] = tmp_path / f"{batch}.h5"
        sets[batch] = make_store(stores[batch], keys, number)
    table = pd.DataFrame({"spectrum_key": ["b3", "a1", "b0"], "batch": ["b", "a", "b"], "row": [3, 1, 0]})
    write_network_inputs(table, stores, tmp_path / "x.npy")
    x = load_network_inputs(tmp_path / "x.npy")
    expected = [classifier_input(sets[b].select([r]))[0] for b, r in zip(table["batch"], table["row"], strict=True)]
    np.testing.assert_array_equal(x, expected)
    with pytest.raises(InputError, match="rows differ"):
        write_network_inputs(table.assign(row=[2, 1, 0]), stores, tmp_path / "x.npy")
    with pytest.raises(InputError, match="no store for batch c"):
        write_network_inputs(table.assign(batch="c"), stores, tmp_path / "x.npy")
    with pytest.raises(InputError, match="no such file"):
        load_network_inputs(tmp_path / "none.npy")
