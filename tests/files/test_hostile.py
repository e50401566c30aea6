"""Tables that try to reach beyond their file, to fill the memory, or to run in a spreadsheet."""

import bz2
import gzip
import io
import lzma

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from mstars.core.errors import InputError
from mstars.files.hostile import refuse_bomb, with_formulas, without_formula, without_formulas
from mstars.files.table_formats import open_table

VOTABLE = """<?xml version="1.0"?>
{before}<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>
<FIELD name="a" datatype="char" arraysize="*"/><DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>"""
CELL = "<TABLEDATA><TR><TD>{}</TD></TR></TABLEDATA>"
TEN = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
FILE_BY_ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file://PLACE/secret.bin">]>'
NOWHERE = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'
FILE_BY_STREAM = '<BINARY><STREAM href="file://PLACE/secret.bin"/></BINARY>'
HOSTILE = {
    "a file by an entity": (FILE_BY_ENTITY, CELL.format("&e;"), "XML entity 'e'"),
    "entities that grow": (f'<!DOCTYPE x [<!ENTITY a0 "lol">{TEN}]>', CELL.format("&a9;"), "XML entity 'a0'"),
    "an entity that is nowhere": (NOWHERE, CELL.format("&e;"), "XML entity 'e'"),
    "a file by a stream": ("", FILE_BY_STREAM, "its data are at 'file:"),
    "the network by a stream": ("", '<FITS><STREAM href="http://127.0.0.1:9/x"/></FITS>', "its data are at 'http:"),
    "broken": ("<a>", CELL, "not XML"),
}


@pytest.mark.parametrize("before, data, said", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("ending", ["vot", "vot.gz"])
def test_a_votable_that_reaches_beyond_its_file_is_refused(tmp_path, before, data, said, ending):
    (tmp_path / "secret.bin").write_bytes(b"\0\0\0\6SECRET")
    text = VOTABLE.format(before=before, data=data).replace("PLACE", str(tmp_path))
    path = tmp_path / f"a.{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    with pytest.raises(InputError, match=said) as caught:
        open_table(path)
    assert "SECRET" not in str(caught.value)


def test_a_votable_of_the_first_versions_names_its_dtd_and_is_read(tmp_path):
    text = VOTABLE.format(before='<!DOCTYPE VOTABLE SYSTEM "http://us-vo.org/xml/VOTable.dtd">', data=CELL.format("M2"))
    (tmp_path / "a.vot").write_text(text)
    table = open_table(tmp_path / "a.vot")
    assert next(table.chunks(["a"], 10)).table["a"].tolist() == ["M2"]


def bomb(kind: str) -> bytes:
    zeros = bytes(2**28)
    if kind == "fits.gz":
        plain = io.BytesIO()
        fits.BinTableHDU.from_columns([fits.Column("a", "D", array=np.zeros(1))]).writeto(plain)
        head = plain.getvalue()[:5760].replace(b"NAXIS2  =                    1", b"NAXIS2  =             33554432")
        return gzip.compress(head + zeros)
    pack = {"csv.gz": gzip.compress, "csv.bz2": bz2.compress, "csv.xz": lzma.compress}[kind]
    return pack(b"a,b\n" + zeros)


@pytest.mark.parametrize("kind", ["fits.gz", "csv.gz", "csv.xz", "csv.bz2"])
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    path.write_bytes(bomb(kind))
    with pytest.raises(InputError, match="unpacks to more than 200 times its size"):
        open_table(path)


def test_real_tables_are_no_bombs(tmp_path):
    rng = np.random.default_rng(1)
    Table({"ra": rng.uniform(0, 360, 100_000), "zero": np.zeros(100_000)}).write(tmp_path / "a.fits.gz")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1.5,2\n" * 1_000_000))
    (tmp_path / "c.csv").write_bytes(b"a,b\n")
    for path in tmp_path.iterdir():
        refuse_bomb(path)


FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://evil.example","M2")',
    "+A1",
    "-A1",
    "@SUM(1)",
    "\t=1",
    "'=1A",
    "=cmd|' /C calc'!A0",
]
PLAIN = ["M2", "", "-", "+", "-9999", "+1.5e-3", "a=b", "dM5", "'quoted", "-0.5", "'-5"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text):
    assert without_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_stays(text):
    assert without_formula(text) == text


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_columns_of_text_lose_their_formulas_and_get_them_back(dtype):
    table = pd.DataFrame({"a": pd.Series(FORMULAS + PLAIN, dtype=dtype), "x": -1.0})
    guarded = without_formulas(table)
    assert guarded["a"].tolist() == [f"'{text}" for text in FORMULAS] + PLAIN
    pd.testing.assert_frame_equal(with_formulas(guarded), table)


def test_missing_values_and_numbers_stay():
    table = pd.DataFrame({"a": pd.Series(["=1A", None, pd.NA], dtype="object"), "n": pd.array([-1, None, 2], "Int64")})
    guarded = without_formulas(table)
    assert guarded["a"].iloc[0] == "'=1A" and guarded["a"].isna().tolist() == [False, True, True]
    pd.testing.assert_series_equal(guarded["n"], table["n"])
