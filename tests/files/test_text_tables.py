"""Tables as text: every way of writing one gives the same rows, and rows that can't be taken apart are told."""

import bz2
import gzip
import lzma

import pytest

from mstars.core.errors import InputError
from mstars.files.text_tables import iter_records, iter_text, text_layout

KNOWN = ("name", "ra", "pmra")
ROWS = [["a", "1.5", "3"], ["b", "2", "4"]]


def read(path, columns=KNOWN, chunk=100):
    layout = text_layout(path, KNOWN)
    rows, problems = [], {}
    for part in iter_text(path, layout, columns, chunk):
        rows += part.table[list(columns)].to_numpy().tolist()
        problems |= part.problems
    return layout, rows, problems


SAME = {
    "commas": "name,ra,pmra\na,1.5,3\nb,2,4\n",
    "no line end": "name,ra,pmra\na,1.5,3\nb,2,4",
    "carriage returns": "name,ra,pmra\r\na,1.5,3\r\nb,2,4\r\n",
    "bars": "name|ra|pmra\na|1.5|3\nb|2|4\n",
    "semicolons": "name;ra;pmra\na;1.5;3\nb;2;4\n",
    "tabs": "name\tra\tpmra\na\t1.5\t3\nb\t2\t4\n",
    "blanks": "  name   ra  pmra\n a   1.5   3\nb 2     4\n",
    "quotes": '"name","ra","pmra"\n"a","1.5","3"\n"b","2","4"\n',
    "quotes between bars": '"name"|"ra"|"pmra"\n"a"|"1.5"|"3"\n"b"|"2"|"4"\n',
    "blanks around": " name , ra ,pmra \n a , 1.5 ,3\nb, 2 , 4\n",
    "trailing commas": "name,ra,pmra\na,1.5,3,\nb,2,4,,,\n",
    "trailing commas in the header too": "name,ra,pmra,,\na,1.5,3,,\nb,2,4,,\n",
    "trailing bars": "name|ra|pmra|\na|1.5|3|\nb|2|4|\n",
    "comments": "# made by someone, somewhere\n#\nname,ra,pmra\n# a, b\na,1.5,3\n\nb,2,4\n#END#\n",
    "a header that is a comment": "# from a query\n# name ra pmra\na 1.5 3\nb 2 4\n",
    "a header that is a comment, with commas": "#name,ra,pmra\na,1.5,3\nb,2,4\n",
    "a row of units": "name,ra,pmra\n,deg,mas/yr\na,1.5,3\nb,2,4\n",
    "units and dashes": "#RESOURCE=yCat\nname\tra\tpmra\n \tdeg\tmas/yr\n----\t---\t----\na\t1.5\t3\nb\t2\t4\n",
    "ecsv": "# %ECSV 1.0\n# ---\n# - {name: ra, unit: deg, datatype: float64}\nname ra pmra\na 1.5 3\nb 2 4\n",
    "other columns": "x,name,y,ra,pmra,z\n0,a,0,1.5,3,0\n0,b,0,2,4,0\n",
}


@pytest.mark.parametrize("way", SAME)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_way_of_writing_gives_the_same_rows(tmp_path, way, encoding):
    (tmp_path / "t.csv").write_bytes(SAME[way].encode(encoding))
    layout, rows, problems = read(tmp_path / "t.csv")
    assert rows == ROWS and not problems
    assert set(KNOWN) <= set(layout.names)
    if "units" in way or way == "ecsv":
        assert layout.units["ra"] == "deg"
    for chunk in (1, 2):
        assert read(tmp_path / "t.csv", chunk=chunk)[1] == ROWS


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_tables_are_known_by_their_bytes(tmp_path, pack):
    (tmp_path / "t.csv").write_bytes(pack(SAME["commas"].encode()))
    assert read(tmp_path / "t.csv")[1] == ROWS


def test_a_hash_within_a_row_is_part_of_it(tmp_path):
    (tmp_path / "t.csv").write_text("name,ra,pmra\nHD #7,1.5,3\nb#,2,4\n")
    assert read(tmp_path / "t.csv")[1] == [["HD #7", "1.5", "3"], ["b#", "2", "4"]]


def test_rows_with_other_numbers_of_fields_are_told_by_number(tmp_path):
    (tmp_path / "t.csv").write_text("name,ra,pmra\na,1.5,3\nb,2\nc,1,2,3\nd\n" + "e," * 50 + "\nf,5,6\n")
    _, rows, problems = read(tmp_path / "t.csv")
    assert rows == [["a", "1.5", "3"], ["f", "5", "6"]]
    assert problems == {
        2: "2 fields, the header has 3",
        3: "4 fields, the header has 3",
        4: "1 fields, the header has 3",
        5: "50 fields, the header has 3",
    }


def test_quoted_separators_quotes_and_line_ends(tmp_path):
    (tmp_path / "t.csv").write_text('name,ra,pmra\n"a, b",1,2\n"say ""hi""",3,4\n"two\nlines",5,6\nsay "hi",7,8\n')
    assert [row[0] for row in read(tmp_path / "t.csv")[1]] == ["a, b", 'say "hi"', "two lines", 'say "hi"']


def test_a_first_row_of_data_is_not_taken_for_units(tmp_path):
    for first in ("1,2,3", "-1,.5,3", "a,1,2", "HD 1,+3,-2"):
        (tmp_path / "t.csv").write_text(f"name,ra,pmra\n{first}\nb,2,4\n")
        assert len(read(tmp_path / "t.csv")[1]) == 2, first


def test_an_empty_file_and_one_cut_short_are_errors(tmp_path):
    for text in ("", "\n\n", "# only comments\n"):
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(InputError, match="empty"):
            text_layout(tmp_path / "t.csv")
    whole = SAME["commas"] + "".join(f"c{n},{n * 7919 % 104729},{n}\n" for n in range(20000))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(whole.encode())[:-2000])
    with pytest.raises(InputError, match="can't be read to its end"):
        read(tmp_path / "t.csv.gz")


def test_records_know_their_lines(tmp_path):
    (tmp_path / "t.csv").write_text('# note\nname,ra,pmra\n\na,1,"x\ny",\n#b,1,2\nc,5\n')
    path = tmp_path / "t.csv"
    assert list(iter_records(path, text_layout(path))) == [(4, ["a", "1", "x\ny"]), (7, ["c", "5", ""])]
    path.write_text("name,ra\na,1,2\n")
    with pytest.raises(InputError, match="line 2: 3 fields, the header has 2"):
        list(iter_records(path, text_layout(path)))
