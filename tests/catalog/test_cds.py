import numpy as np
import pandas as pd
import pytest
from astropy.table import Table

from mstars.catalog.cds import DECIMALS, OTHER_DECIMALS, readme_text, write_cds_files, write_cds_table
from mstars.catalog.columns import INTEGERS, product_columns, product_table
from mstars.catalog.writers import write_products


def rows(columns, n=200):
    generator = np.random.default_rng(3)
    table = {}
    for number, column in enumerate(columns):
        if column.dtype == "str":
            text = np.array(["", "a", "dM", "57440-HD1130-sp01-001", "é|x"], dtype=object)
            table[column.source] = text[generator.integers(0 if number else 1, len(text), n)]
        elif column.dtype in INTEGERS:
            largest = 4_000_000_000_000_000_000 if column.name == "source_id" else 300
            values = pd.Series(generator.integers(-5, largest, n), dtype="Int64")
            table[column.source] = values.mask(pd.Series(generator.random(n) < 0.2))
        else:
            values = generator.normal(0, 100, n)
            table[column.source] = np.where(generator.random(n) < 0.2, np.nan, values)
    return product_table(pd.DataFrame(table), columns)


@pytest.mark.parametrize("product", ["recommended", "non_m", "stars", "extension"])
def test_astropy_reads_the_table_back_by_its_readme(product, tmp_path):
    columns = product_columns(product, with_filename=True)
    table = rows(columns)
    described = write_cds_table(table, columns, tmp_path / f"{product}.dat", "A title of many words " * 4)
    text = readme_text([described], title="A title", description="What it is. " * 20, references={"Li et al.": "2025"})
    assert text.isascii() and max(map(len, text.splitlines())) <= 80
    (tmp_path / "ReadMe").write_text(text)
    lines = (tmp_path / f"{product}.dat").read_bytes().splitlines()
    assert {len(line) for line in lines} == {described.record} and len(lines) == len(table)
    found = Table.read(tmp_path / f"{product}.dat", format="ascii.cds", readme=tmp_path / "ReadMe")
    assert found.colnames == [column.name for column in columns]
    for column in columns:
        ours, theirs = table[column.name], np.ma.asarray(found[column.name])
        if column.dtype == "str":
            said = [text.encode("ascii", "backslashreplace").decode() for text in ours]
            assert [str(text) for text in np.ma.filled(theirs, "")] == said
            continue
        missing = ours.isna().to_numpy()
        assert (np.ma.getmaskarray(theirs) == missing).all()
        step = 0 if column.dtype in INTEGERS else 10.0 ** -DECIMALS.get(column.unit, OTHER_DECIMALS)
        differences = ours[~missing].to_numpy(dtype=object) - np.ma.getdata(theirs)[~missing].astype(object)
        assert max(abs(differences), default=0) <= 0.5001 * step


def test_an_empty_product_is_a_file_without_rows(tmp_path):
    columns = product_columns("stars")
    described = write_cds_table(rows(columns, 0), columns, tmp_path / "stars.dat", "Stars")
    assert (tmp_path / "stars.dat").read_bytes() == b"" and described.rows == 0
    assert "stars.dat" in readme_text([described], title="T", description="D", references={})


def test_catalogues_become_data_files_and_one_readme(tmp_path):
    products = {}
    for name in ("recommended", "stars"):
        columns = product_columns(name)
        products[name] = tmp_path / f"{name}.parquet"
        write_products(rows(columns, 20), columns, [products[name], tmp_path / f"{name}.csv"])
        assert (tmp_path / f"{name}.csv").is_file()
    places = [tmp_path / f"{name}.dat" for name in products]
    more = {"survey": "mine", "version": "1.2", "simulated": True, "with_filename": False}
    written = write_cds_files(products, places, tmp_path / "ReadMe", **more)
    assert [(table.file, table.rows) for table in written] == [("recommended.dat", 20), ("stars.dat", 20)]
    text = " ".join((tmp_path / "ReadMe").read_text().split())
    assert "mstars 1.2" in text and "'mine'" in text and "SIMULATED" in text
    found = Table.read(places[1], format="ascii.cds", readme=tmp_path / "ReadMe")
    assert len(found) == 20 and found.colnames == [column.name for column in product_columns("stars")]
    write_cds_files(products, places, tmp_path / "ReadMe", **(more | {"simulated": False}))
    assert "SIMULATED" not in (tmp_path / "ReadMe").read_text()
