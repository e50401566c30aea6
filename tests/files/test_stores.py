"""Stores of spectra come back as they were written."""

import resource

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.files.json_files import read_json
from mstars.files.stores import iter_batch, read_batch, read_header, read_rejected, stores_by_batch, write_batch
from mstars.files.tables import read_table
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength


@pytest.fixture
def spectra():
    generator = np.random.default_rng(0)
    n, wavelength = 5, lamost_wavelength()
    flux = generator.normal(100, 5, (n, wavelength.size)).astype(np.float32)
    return SpectrumSet(
        flux,
        np.ones_like(flux),
        np.zeros(flux.shape, np.uint8),
        wavelength,
        np.array([f"5-P-sp01-{i:03d}" for i in range(n)]),
    )


def header_of(spectra):
    return pd.DataFrame(
        {
            "spectrum_key": spectra.spectrum_key,
            "obsid": pd.array([1, None, 2**60, 4, 5], dtype="Int64"),
            "snri": [1.5, np.nan, 3, 4, 5],
        }
    )


def test_batch_round_trip(tmp_path, spectra):
    path = tmp_path / "b.h5"
    header = header_of(spectra)
    rejected = pd.DataFrame({"filename": ["x.fits"], "reason": ["truncated"]})
    write_batch(path, spectra, header, rejected, {"plate": "P"})
    back = read_batch(path)
    for name in ("flux", "ivar", "ormask", "wavelength"):
        np.testing.assert_array_equal(getattr(back, name), getattr(spectra, name))
    pd.testing.assert_frame_equal(read_header(path), header, check_dtype=False)
    assert read_header(path)["obsid"].dtype == "Int64"
    assert read_rejected(path)["reason"].tolist() == ["truncated"]
    np.testing.assert_array_equal(read_batch(path, np.array([3, 0])).flux, spectra.flux[[3, 0]])
    assert [len(part) for part in iter_batch(path, 2)] == [2, 2, 1]


def test_empty_batch(tmp_path, spectra):
    empty = spectra.select(slice(0, 0))
    write_batch(tmp_path / "b.h5", empty, pd.DataFrame({"spectrum_key": []}), pd.DataFrame({"reason": []}))
    assert len(read_batch(tmp_path / "b.h5")) == 0


@pytest.mark.parametrize("reader", [read_batch, read_table, read_json])
def test_damaged_and_missing_files_are_named(tmp_path, reader):
    path = tmp_path / "damaged"
    path.write_bytes(b"\x00garbage")
    with pytest.raises(InputError, match="damaged"):
        reader(path)
    with pytest.raises(InputError, match="absent"):
        reader(tmp_path / "absent")


def test_a_store_that_can_not_be_written_leaves_nothing_behind(tmp_path, spectra):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # as a disk that fills up
    try:
        with pytest.raises(OSError):
            write_batch(tmp_path / "a.h5", spectra, header_of(spectra), pd.DataFrame({"reason": []}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_found_by_the_name_of_its_batch():
    assert stores_by_batch(["r/55888-B6001.h5", "r/57440-HD.1+.h5"]) == {
        "55888-B6001": "r/55888-B6001.h5",
        "57440-HD.1+": "r/57440-HD.1+.h5",
    }


def test_a_store_tells_what_step_1_leaves_out(tmp_path, spectra):
    rejected = pd.DataFrame({"filename": [], "reason": []})
    for name, masks in (("a", True), ("b", False)):
        spectra.ivar_masks = masks
        write_batch(tmp_path / f"{name}.h5", spectra, header_of(spectra), rejected)
        assert read_batch(tmp_path / f"{name}.h5").ivar_masks is masks
