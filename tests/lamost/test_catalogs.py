"""LAMOST's catalogues in every format."""

import gzip

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table
from made_releases import C, catalog, write_catalog

from mstars.core.errors import InputError
from mstars.lamost.catalogs import iter_catalog, read_catalog
from mstars.lamost.release import plan_release


@pytest.mark.parametrize("name", ["m.fits", "m.fits.gz", "m.csv", "m.csv.gz"])
def test_a_catalogue_reads_the_same_in_every_format(tmp_path, name):
    found, rejected = read_catalog(write_catalog(catalog(), tmp_path / name))
    assert rejected.empty
    assert list(found["spectrum_key"][:2]) == ["56000-P1-sp04-001", "56000-P2-sp04-002"]
    assert list(found["gaia_source_id"]) == [4611686018427387905 + i for i in range(4)]
    assert set(found["lamost_class"]) == {"dM"}
    np.testing.assert_allclose(found["lamost_rv"], 1e-4 * C)
    np.testing.assert_allclose(found["lamost_rv_err"], 1e-5 * C)


def test_no_redshift_is_no_velocity(tmp_path):
    table = catalog(z=[-9999.0, 1e-4, 1e-4, 1e-4], z_err=[-9999.0, 0.0, -1.0, 1e-5])
    found, _ = read_catalog(write_catalog(table, tmp_path / "m.csv"))
    assert list(found["lamost_rv"].isna()) == [True, False, False, False]
    assert list(found["lamost_rv_err"].isna()) == [True, True, True, False]


def test_blanks_in_a_csv_are_null(tmp_path):
    table = catalog().astype({"obsid": "object", "gaia_source_id": "object", "z": "object"})
    table.loc[0, ["obsid", "gaia_source_id", "z"]] = ["", "-9999", ""]
    found, rejected = read_catalog(write_catalog(table, tmp_path / "m.csv"))
    assert rejected.empty
    assert found.loc[0, ["obsid", "gaia_source_id"]].isna().all() and np.isnan(found.loc[0, "lamost_rv"])


@pytest.mark.parametrize("suffix", [".fits", ".csv"])
def test_a_missing_or_misspelt_column_is_named(tmp_path, suffix):
    path = write_catalog(catalog().rename(columns={"snri": "snr_i"}), tmp_path / f"m{suffix}")
    with pytest.raises(InputError, match=r"missing column 'snri' \(is 'snr_i' meant\?\)"):
        read_catalog(path)
    path = write_catalog(catalog().drop(columns="planid"), tmp_path / f"n{suffix}")
    with pytest.raises(InputError, match=r"missing column 'planid'"):
        read_catalog(path)


def test_unreadable_catalogues_are_named(tmp_path):
    with pytest.raises(InputError, match="no such catalogue"):
        read_catalog(tmp_path / "m.fits")
    (tmp_path / "m.fits").write_text("not FITS")
    with pytest.raises(InputError, match="not readable"):
        read_catalog(tmp_path / "m.fits")
    (tmp_path / "m.csv.gz").write_bytes(gzip.compress(b"obsid|ra\n" * 1000)[:20])
    with pytest.raises(InputError, match="not readable"):
        read_catalog(tmp_path / "m.csv.gz")
    (tmp_path / "m.xlsx").write_text("")
    with pytest.raises(InputError, match="known endings"):
        read_catalog(tmp_path / "m.xlsx")
    with pytest.raises(InputError, match="no rows"):
        read_catalog(write_catalog(catalog(0), tmp_path / "none.csv"))


def test_rows_that_can_t_be_used_are_rejected_with_their_number(tmp_path):
    table = catalog().astype({"fiberid": "object"})
    table.loc[1, "fiberid"] = "x"
    table.loc[2, "dec"] = 95.0
    table.loc[3, "ra"] = np.nan
    found, rejected = read_catalog(write_catalog(table, tmp_path / "m.csv"))
    assert len(found) == 1
    assert list(rejected["filename"]) == ["m.csv row 2", "m.csv row 3", "m.csv row 4"]
    assert "fiberid is x" in rejected["reason"][0]
    assert rejected["reason"][1] == "coordinates out of range: ra 12, dec 95"
    assert rejected["reason"][2] == "no coordinates"


def test_a_big_catalogue_is_read_in_parts(tmp_path, monkeypatch):
    path = write_catalog(catalog(25).astype({"planid": "object"}), tmp_path / "m.csv.gz")
    parts = list(iter_catalog(path, chunk=10))
    assert [len(part) for part, _ in parts] == [10, 10, 5]
    whole = write_catalog(catalog(25), tmp_path / "m.fits")
    assert [len(part) for part, _ in iter_catalog(whole, chunk=10)] == [10, 10, 5]
    table = catalog(25)
    table.loc[12, "dec"] = 99
    rejected = [bad for _, bad in iter_catalog(write_catalog(table, tmp_path / "n.csv"), chunk=10)]
    assert list(rejected[1]["filename"]) == ["n.csv row 13"]


WAYS = {
    "trailing bars": lambda text: text.replace("\n", "|\n"),
    "trailing bars, header without": lambda text: text.replace("\n", "|\n").replace("|\n", "\n", 1),
    "commas": lambda text: text.replace("|", ","),
    "trailing commas": lambda text: text.replace("|", ",").replace("\n", ",\n").replace(",\n", "\n", 1),
    "semicolons": lambda text: text.replace("|", ";"),
    "decimal commas": lambda text: text.replace(".", ",").replace("|", ";"),
    "tabs": lambda text: text.replace("|", "\t"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "a comment above": lambda text: "# LAMOST DR10, of 2023\n" + text,
    "capitals": lambda text: text.replace(text.split("\n")[0], text.split("\n")[0].upper()),
    "dashes under the header": lambda text: text.replace(
        "\n", "\n" + "---|" * text.split("\n")[0].count("|") + "--\n", 1
    ),
    "Fortran exponents": lambda text: text.replace("0.0001|", "1.0D-04|"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_gives_the_same_catalogue(tmp_path, way):
    plain = catalog().to_csv(sep="|", index=False)
    expected, none = read_catalog(write_catalog(catalog(), tmp_path / "plain.csv"))
    (tmp_path / "m.csv").write_text(WAYS[way](plain))
    found, rejected = read_catalog(tmp_path / "m.csv")
    pd.testing.assert_frame_equal(found, expected)
    assert rejected.empty and none.empty
    assert found["gaia_source_id"][1] == 4611686018427387906 and found["lamost_rv"][0] == pytest.approx(29.9792458)


def test_rows_with_a_wrong_number_of_fields_are_rejected(tmp_path):
    lines = catalog().to_csv(sep="|", index=False).split("\n")
    lines[2] += "|more"
    lines[4] = lines[4][:30]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    found, rejected = read_catalog(tmp_path / "m.csv")
    assert len(found) == 2
    assert dict(zip(rejected["filename"], rejected["reason"], strict=True)) == {
        "m.csv row 2": "22 fields, the header has 21",
        "m.csv row 4": f"{lines[4].count('|') + 1} fields, the header has 21",
    }


def test_dates_of_every_form_and_none_give_the_day(tmp_path):
    table = catalog(obsdate=["13/03/2012", "2012/03/13", "20120313", ""])
    found, _ = read_catalog(write_catalog(table, tmp_path / "m.csv"))
    assert set(found["obsdate"]) == {"2012-03-13"}


def test_values_that_cannot_be_read_are_told(tmp_path, caplog):
    table = catalog(6).astype({"z": "object", "z_err": "object", "snri": "object", "obsid": "object"})
    table.loc[1, "z"] = "unknown"
    table.loc[2, "z_err"] = "inf"
    table.loc[3, "snri"] = "?"
    table.loc[4, "obsid"] = 10**20
    found, rejected = read_catalog(write_catalog(table, tmp_path / "m.csv"))
    assert list(rejected["reason"]) == ["obsid is 100000000000000000000"]
    assert found["lamost_rv"].isna().tolist() == [False, True, False, False, False]
    assert found["lamost_rv_err"].isna().tolist() == [False, True, True, False, False]
    assert "column 'z': 1 values are no numbers, the first in row 2: 'unknown'; they become null" in caplog.text
    assert "column 'snri': 1 values are no numbers, the first in row 4" in caplog.text
    with pytest.raises(InputError, match="column 'z': 4 values are no numbers, the first in row 1: 'a'"):
        read_catalog(write_catalog(catalog(z="a"), tmp_path / "n.csv"))


@pytest.mark.parametrize("name", ["m.fits", "m.csv"])
def test_identifiers_that_lost_digits_are_refused(tmp_path, name):
    table = catalog().astype({"gaia_source_id": "float64"})
    with pytest.raises(InputError, match="column 'gaia_source_id': identifiers .* have lost digits; store integers"):
        read_catalog(write_catalog(table, tmp_path / name))
    with pytest.raises(InputError, match="column 'obsid': identifiers"):
        read_catalog(write_catalog(catalog(obsid="1.24e9"), tmp_path / "n.csv"))


def test_masked_identifiers_are_null(tmp_path):
    table = Table.from_pandas(catalog().astype({"gaia_source_id": "Int64", "obsid": "Int64"}))
    for name in ("gaia_source_id", "obsid"):
        table[name] = MaskedColumn(table[name], mask=[False, True, False, True], fill_value=999999)
    table.write(tmp_path / "m.fits")
    found, rejected = read_catalog(tmp_path / "m.fits")
    assert rejected.empty
    assert found["gaia_source_id"].isna().tolist() == found["obsid"].isna().tolist() == [False, True, False, True]
    table.write(tmp_path / "m.vot", format="votable")
    pd.testing.assert_frame_equal(read_catalog(tmp_path / "m.vot")[0], found)


@pytest.mark.parametrize("fibre", [-9999, 0, ""])
def test_a_missing_fibre_is_no_identity(tmp_path, fibre):
    table = catalog().astype({"fiberid": "object"})
    table.loc[:1, "fiberid"] = fibre
    found, rejected = read_catalog(write_catalog(table, tmp_path / "m.csv"))
    assert len(found) == 2 and rejected["reason"].str.startswith("no identity").all()
    assert f"fiberid {fibre or 'missing'}" in rejected["reason"][0] or "fiberid 0" in rejected["reason"][0]


def test_a_catalogue_without_a_usable_row_says_why(tmp_path):
    (tmp_path / "fits").mkdir()
    path = write_catalog(catalog(fiberid=-9999), tmp_path / "m.csv")
    with pytest.raises(InputError, match="no usable file of the 4 rows of .*m.csv; m.csv row 1: no identity"):
        plan_release(tmp_path / "fits", path)
