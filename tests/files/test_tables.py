"""Tables and parts of them."""

import pandas as pd

from mstars.files.tables import beside, read_table, write_table


def test_part_of_a_table_is_read(tmp_path):
    table = pd.DataFrame({"batch": ["a", "a", "b"], "n": pd.array([1, None, 3], dtype="Int64")})
    write_table(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet", batch="a"), table[:2])
    assert read_table(tmp_path / "t.parquet", ["n"], batch="c").empty


def test_columns_put_beside_each_other_are_those_of_a_merge():
    wide = pd.DataFrame(
        {"spectrum_key": list("abcd"), "n": pd.array([1, None, 3, 4], dtype="Int64"), "x": [1, 2, 3, 4]}
    )
    narrow = pd.DataFrame({"spectrum_key": list("dba"), "y": [0.5, 1.5, 2.5]}, index=[7, 8, 9])
    pd.testing.assert_frame_equal(beside(wide, narrow), narrow[["spectrum_key"]].merge(wide).merge(narrow))
