"""Tables of every format are read alike."""

import bz2
import gzip
import lzma

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from mstars.core.errors import InputError
from mstars.files.table_formats import open_table

NAMES = ["obsid", "planid", "z", "scaled", "good"]
PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.fixture
def catalogue(tmp_path):
    """A FITS table of 25 rows with a null, a scaled column and text; a second table lies behind it."""
    rng = np.random.default_rng(4)
    columns = [
        fits.Column("obsid", "K", null=-9999, array=[*rng.integers(1, 2**60, 24), -9999]),
        fits.Column("planid", "8A", array=[f" P{number}" for number in range(25)]),
        fits.Column("z", "E", array=rng.normal(size=25)),
        fits.Column("scaled", "I", array=np.arange(25)),
        fits.Column("good", "L", array=rng.random(25) > 0.5),
    ]
    other = fits.BinTableHDU.from_columns([fits.Column("x", "J", array=[1, 2])])
    table, path = fits.BinTableHDU.from_columns(columns), tmp_path / "catalogue.fits"
    table.header["TSCAL4"], table.header["TZERO4"] = 0.5, 3.0
    fits.HDUList([fits.PrimaryHDU(), table, other]).writeto(path)
    return path


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize("size", [7, 25, 100])
def test_a_packed_fits_table_is_read_as_the_plain_one(ending, size, catalogue):
    packed = catalogue.with_name(f"catalogue.fits{ending}")
    packed.write_bytes(PACK[ending](catalogue.read_bytes()))
    plain, found = (list(open_table(path).chunks(NAMES, size)) for path in (catalogue, packed))
    assert [len(part.table) for part in found] == [min(size, 25 - start) for start in range(0, 25, size)]
    for one, other in zip(plain, found, strict=True):
        pd.testing.assert_frame_equal(one.table, other.table)
    table = pd.concat([part.table for part in found])
    assert list(table.index) == list(range(1, 26)) and table["obsid"].isna().sum() == 1
    np.testing.assert_allclose(table["scaled"], np.arange(25) * 0.5 + 3.0)


def test_a_packed_fits_table_that_ends_early_is_told(catalogue):
    packed = catalogue.with_name("short.fits.gz")
    with fits.open(catalogue) as file:
        start = file[1].fileinfo()["datLoc"]
    packed.write_bytes(gzip.compress(catalogue.read_bytes()[: start + 300]))
    with pytest.raises(InputError, match="short.fits.gz: not readable"):
        list(open_table(packed).chunks(NAMES, 10))
