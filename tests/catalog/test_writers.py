"""Formats: the same content in each, with units, and the same bytes each time."""

import io
import warnings

import pandas as pd
import pytest
from astropy.io import fits
from astropy.io.votable import validate
from astropy.table import Table
from made_catalog import recommended

from mstars.catalog import writers
from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.writers import FORMATS, column_metadata, read_product, write_product
from mstars.core.errors import InputError


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("rows", [4, 0])
def test_every_format_holds_the_same_content_and_the_same_bytes(stages, tmp_path, ending, rows):
    columns = product_columns("recommended", with_filename=True)
    table = product_table(recommended(stages)[:rows], columns)
    for name in ("a", "b"):
        write_product(table, columns, tmp_path / f"{name}{ending}", title="A test")
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()
    pd.testing.assert_frame_equal(read_product(tmp_path / f"a{ending}", columns), table, check_dtype=rows > 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{ending}", f"b{ending}"]


@pytest.mark.parametrize("ending", FORMATS)
def test_blocks_of_rows_make_the_bytes_of_the_whole(stages, tmp_path, monkeypatch, ending):
    columns = product_columns("recommended", with_filename=True)
    table = product_table(recommended(stages), columns)
    for rows in (1, 3, len(table)):
        monkeypatch.setattr(writers, "_ROWS", rows)
        write_product(table, columns, tmp_path / f"{rows}{ending}", title="A test")
    whole = (tmp_path / f"{len(table)}{ending}").read_bytes()
    assert all((tmp_path / f"{rows}{ending}").read_bytes() == whole for rows in (1, 3))


def test_fits_has_the_bytes_of_astropys_own_table(stages, tmp_path):
    columns = product_columns("recommended", with_filename=True)
    write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.fits", title="A test")
    with fits.open(tmp_path / "a.fits") as file:
        again = fits.BinTableHDU(file[1].data.copy(), file[1].header)
        fits.HDUList([fits.PrimaryHDU(header=file[0].header), again]).writeto(tmp_path / "b.fits")
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_name_that_is_a_formula_is_text_for_a_spreadsheet_and_the_same_name_when_read(stages, tmp_path, ending):
    columns = product_columns("recommended", with_filename=True)
    names = ["=1+1.fits", '=HYPERLINK("http://evil.example").fits', "'@SUM(A1).fits", "-A1.fits"]
    table = product_table(recommended(stages).assign(filename=names), columns)
    write_product(table, columns, tmp_path / f"a{ending}")
    assert read_product(tmp_path / f"a{ending}", columns)["filename"].tolist() == names
    if ending == ".csv":
        cells = pd.read_csv(tmp_path / "a.csv", dtype=str)["filename"]
        assert cells.str.startswith("'").all()


def test_fits_opens_with_units_and_without_warnings(stages, tmp_path):
    columns = product_columns("recommended")
    write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.fits")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = Table.read(tmp_path / "a.fits")
    assert table["rv"].unit == "km / s"
    assert table["teff"].unit == "K"
    assert table["obsid"].mask.tolist() == [False, False, True, False]
    with fits.open(tmp_path / "a.fits") as file:
        file.verify("exception")
        header = file["CATALOG"].header
        number = [column.name for column in columns].index("logg") + 1
        assert header[f"TUCD{number}"] == "phys.gravity"
        assert "dex" in header[f"TCOMM{number}"]


def test_votable_validates(stages, tmp_path):
    columns = product_columns("recommended")
    write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.vot", title="A test")
    said = io.StringIO()
    assert validate(str(tmp_path / "a.vot"), output=said), said.getvalue()


def test_parquet_says_its_units(stages, tmp_path):
    columns = product_columns("recommended")
    write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.parquet")
    assert column_metadata(tmp_path / "a.parquet")["rv"]["unit"] == "km s-1"


def test_an_unknown_format_is_refused(stages, tmp_path):
    columns = product_columns("recommended")
    with pytest.raises(InputError, match=r"written as .fits, .vot, .csv, .parquet"):
        write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.xlsx")
