"""The catalogue of all engines: columns, every spectrum, the same content in four formats."""

import numpy as np
import pandas as pd
import pytest

from mstars.catalog.columns import product_table
from mstars.catalog.engine_columns import engines_columns, engines_rows
from mstars.catalog.writers import read_product, write_products
from mstars.core.labels import LABELS
from mstars.engines.registry import engine_info

ENGINES = ("cnn", "slam", "combined")


def tables():
    keys = list("dbca")
    m_catalog = pd.DataFrame({"spectrum_key": keys, "obsid": [4, 2, None, 1], "luminosity_class": "dM", "snri": 30.5})
    found = {}
    for number, engine in enumerate(ENGINES):
        parameters = pd.DataFrame(
            {"spectrum_key": keys[::-1], "flag": [0, 2, 16, 1 << 16], "chi2": [1.0, np.nan, 2.0, 3.0]}
        )
        for label in LABELS:
            given = label in engine_info(engine).labels
            parameters[label] = np.array([1.0, np.nan, 3.0, 4.0]) + number if given else np.nan
            parameters[f"{label}_calib_err"] = np.array([0.1, np.nan, 0.3, 0.4]) if given else np.nan
        flags = pd.DataFrame({"spectrum_key": keys, "parameter_flag": [1, 0, 1, 0]})
        found[engine] = (parameters, flags)
    return m_catalog, found


@pytest.mark.parametrize("scale", [None, "starhorse"])
def test_every_spectrum_and_every_engine_in_four_formats(tmp_path, scale):
    m_catalog, found = tables()
    scaled = {}
    if scale:
        values = {f"{label}{end}": np.arange(4.0) for label in LABELS for end in ("", "_err")}
        scaled = {engine: pd.DataFrame(values) for engine in ENGINES}
    columns = engines_columns([engine_info(name) for name in ENGINES], scale)
    table = product_table(engines_rows(m_catalog, found, scaled), columns)
    assert table["spectrum_key"].tolist() == list("abcd") and len({one.name for one in columns}) == len(columns)
    np.testing.assert_array_equal(table["teff_slam"], np.float32([2.0, 4.0, np.nan, 5.0]))
    assert "logg_slam" not in table and table["parameter_flag_combined"].tolist() == [0, 0, 1, 1]
    assert ("teff_cnn_scaled" in table) == bool(scale)
    if scale:
        assert table["teff_cnn_scaled"].tolist() == [0.0, 2.0, 1.0, 3.0]
    about = {one.name: one.description for one in columns}
    assert "scale apogee_dr16" in about["teff_cnn"] and "65536 contradicted" in about["flag_combined"]
    paths = [tmp_path / f"engines{ending}" for ending in (".fits", ".vot", ".csv", ".parquet")]
    write_products(table, columns, paths, title="test")
    for path in paths:
        pd.testing.assert_frame_equal(read_product(path, columns), table)
