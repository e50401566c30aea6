"""Tables and parts of them."""

import pandas as pd

from mstars.files.tables import read_table, write_table


def test_part_of_a_table_is_read(tmp_path):
    table = pd.DataFrame({"batch": ["a", "a", "b"], "n": pd.array([1, None, 3], dtype="Int64")})
    write_table(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.parquet", batch="a"), table[:2])
    assert read_table(tmp_path / "t.parquet", ["n"], batch="c").empty
