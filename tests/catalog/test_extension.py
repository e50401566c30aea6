"""Rows of the extension: indices of a store's spectra, joined with what other stages know."""

import numpy as np
import pandas as pd
import pytest
from made_spectra import m_like

from mstars.catalog import extension
from mstars.files.stores import write_batch
from mstars.spectra.band_indices import band_indices, derived


@pytest.fixture
def store(tmp_path):
    spectra = m_like(5, 40, 1)
    keys = pd.DataFrame({"spectrum_key": spectra.spectrum_key})
    write_batch(tmp_path / "b.h5", spectra, keys, pd.DataFrame({"reason": []}))
    return tmp_path / "b.h5", spectra


def test_indices_are_those_of_the_spectra_with_a_velocity_row(store):
    path, spectra = store
    keys = spectra.spectrum_key[[3, 1]]
    rv = pd.Series([50.0, np.nan], index=keys)
    found = extension.batch_indices(path, rv, "zhang2019")
    chosen = spectra.select([1, 3])
    plain = band_indices(chosen, np.array([np.nan, 50.0]))
    pd.testing.assert_frame_equal(found, plain.join(derived(plain, "zhang2019")), check_dtype=False)


def test_a_batch_without_m_stars_has_all_columns(store):
    path, spectra = store
    nothing = extension.batch_indices(path, pd.Series(dtype=float), "zhang2019")
    some = extension.batch_indices(path, pd.Series(0.0, index=spectra.spectrum_key), "zhang2019")
    assert len(nothing) == 0 and list(nothing) == list(some) and len(some) == 5


def test_every_spectrum_of_the_catalogue_is_a_row_whatever_else_is_known():
    keys = ["a", "b"]
    catalog = pd.DataFrame({"spectrum_key": keys}).reindex(columns=extension.CATALOG_COLUMNS)
    gaia = pd.DataFrame({"spectrum_key": ["b"], "star_id": ["s"], "ruwe": [2.0]})
    parameters = pd.DataFrame(columns=extension.PARAMETER_COLUMNS)
    indices = pd.DataFrame({"spectrum_key": ["a"], "tio5": [0.5]})
    rows = extension.extension_rows(catalog, gaia, parameters, indices).set_index("spectrum_key")
    assert list(rows.index) == keys and rows["tio5"].tolist()[0] == 0.5 and np.isnan(rows.loc["b", "tio5"])
    assert rows.loc["b", "star_id"] == "s" and rows.loc["b", "binary"] == 1 and pd.isna(rows.loc["a", "binary"])
