"""LAMOST's catalogues in every format."""

import gzip

import numpy as np
import pytest
from made_releases import C, catalog, write_catalog

from mstars.core.errors import InputError
from mstars.lamost.catalogs import iter_catalog, read_catalog


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
    with pytest.raises(InputError, match="not a readable catalogue"):
        read_catalog(tmp_path / "m.fits")
    (tmp_path / "m.csv.gz").write_bytes(gzip.compress(b"obsid|ra\n" * 1000)[:20])
    with pytest.raises(InputError, match="not a readable catalogue"):
        read_catalog(tmp_path / "m.csv.gz")
    (tmp_path / "m.xlsx").write_text("")
    with pytest.raises(InputError, match="a catalogue is"):
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
