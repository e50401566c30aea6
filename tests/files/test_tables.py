"""Tables and parts of them."""

import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.files.tables import among, beside, read_table, rows_of, write_table


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
    pd.testing.assert_frame_equal(beside(wide, narrow, "wide"), narrow[["spectrum_key"]].merge(wide).merge(narrow))


def test_a_key_that_lacks_is_told_or_has_missing_values():
    table = pd.DataFrame({"spectrum_key": list("abc"), "n": pd.array([1, 2, 3], dtype="Int64"), "text": list("xyz")})
    keys = pd.Series(["c", "e", "d", "a"])
    with pytest.raises(InputError, match=r"the table: no row of e \(2 spectra lack\)"):
        rows_of(table, keys, "the table")
    with pytest.raises(InputError, match="no row of e"):
        beside(table, keys.to_frame("spectrum_key"), "the table")
    expected = keys.to_frame("spectrum_key").merge(table, on="spectrum_key", how="left")
    found = rows_of(table, keys, "the table", all_there=False)
    pd.testing.assert_frame_equal(found[["n", "text"]], expected[["n", "text"]])


def test_a_key_that_is_there_twice_is_told():
    table = pd.DataFrame({"spectrum_key": ["a", "b", "a"], "n": [1, 2, 3]})
    with pytest.raises(InputError, match="gaia.parquet: spectrum_key a is there twice"):
        rows_of(table, pd.Series(["b"]), "gaia.parquet")


@pytest.mark.parametrize("dtype", ["str", object])
def test_keys_among_others_are_those_of_isin(dtype):
    keys, others = (pd.Series(list(text), dtype=dtype, index=range(5, 5 + len(text))) for text in ("abcda", "xdda"))
    assert among(keys, others).tolist() == keys.isin(others).tolist() == [True, False, False, True, True]
    assert among(keys, list(others)).tolist() == among(keys, others).tolist()
    assert among(keys[:0], others).shape == (0,)
    assert not among(keys, others[:0]).any()
