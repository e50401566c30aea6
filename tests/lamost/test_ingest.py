"""Ingest: every planned file is a spectrum or a rejected row, and both readers make the same store."""

import lamost_files
import numpy as np
import pandas as pd
import pytest

from mstars.files.stores import read_batch, read_header, read_rejected, write_batch
from mstars.lamost.archive import read_bytes
from mstars.lamost.batches import assign_batches
from mstars.lamost.compression import decompress
from mstars.lamost.ingest import ingest_batch, summarise, summary_lines
from mstars.lamost.plan import plan_files
from mstars.lamost.with_astropy import read_with_astropy
from mstars.spectra.wavelengths import N_PIXEL


def plan_of(folder):
    plan = plan_files(str(folder))
    assign_batches(plan, 1, 1)
    return plan


def by_astropy(path, filename):
    return read_with_astropy(decompress(read_bytes(path)), filename)


def bad_flux(folder):
    data = lamost_files.arrays()
    data["flux"][:] = np.nan
    lamost_files.write(folder / "nan.fits.gz", data=data, FIBERID=2)
    data = lamost_files.arrays()
    data["ormask"][:] = 1
    lamost_files.write(folder / "masked.fits.gz", data=data, FIBERID=3)
    data = lamost_files.arrays()
    data["flux"][5:8] = np.nan
    data["ivar"][10], data["ivar"][11], data["ivar"][12] = np.inf, -1, 0
    lamost_files.write(folder / "partly.fits.gz", data=data, FIBERID=4)


def test_nothing_is_lost(tmp_path):
    lamost_files.write(tmp_path / "good.fits.gz", "coadd", FIBERID=1)
    bad_flux(tmp_path)
    lamost_files.write(tmp_path / "rows.fits.gz", n_row=4, FIBERID=5)
    whole = lamost_files.write(tmp_path / "cut.fits.gz", FIBERID=6).read_bytes()
    (tmp_path / "cut.fits.gz").write_bytes(whole[:-5000])
    plan = plan_of(tmp_path)
    rows = plan.rows()
    assert len(rows) == 6
    spectra, header, rejected = ingest_batch(rows)
    assert list(header["filename"]) == ["good.fits.gz", "partly.fits.gz"]
    assert dict(zip(rejected["filename"], rejected["reason"], strict=True)) == {
        "nan.fits.gz": "no usable flux: all zero or not finite",
        "masked.fits.gz": "all pixels masked",
        "rows.fits.gz": "wrong number of rows: the image has 4, expected 5",
        "cut.fits.gz": "truncated or damaged gzip",
    }
    assert list(spectra.spectrum_key) == list(header["spectrum_key"])
    assert np.isfinite(spectra.flux).all() and np.isfinite(spectra.ivar).all()
    # ten masked pixels in every file; the third has six more without a value
    assert list(header["n_good"]) == [N_PIXEL - 10, N_PIXEL - 16]
    assert spectra.bad[1, 5:8].all() and spectra.bad[1, 10:13].all()
    assert (header["orp_u"] > 0).all() and (header["orp_z"] == 0).all()


def test_a_file_of_another_spectrum_is_rejected(tmp_path):
    lamost_files.write(tmp_path / "a.fits.gz", FIBERID=1)
    rows = plan_of(tmp_path).rows()
    lamost_files.write(tmp_path / "a.fits.gz", FIBERID=2)
    _, _, rejected = ingest_batch(rows)
    assert "the file holds 56000-GAC089N28V1-sp04-002, the plan says" in rejected["reason"][0]


def test_a_batch_of_bad_files_makes_an_empty_store(tmp_path):
    lamost_files.write(tmp_path / "a.fits.gz", n_row=3)
    plan = plan_of(tmp_path)
    write_batch(tmp_path / "b.h5", *ingest_batch(plan.rows()))
    assert len(read_batch(tmp_path / "b.h5")) == 0
    assert len(read_rejected(tmp_path / "b.h5")) == 1
    spectra, rejected = summarise([tmp_path / "b.h5"], plan.rows(), plan.rejected)
    assert len(spectra) == 0 and len(rejected) == 1
    lamost_files.write(tmp_path / "c.fits.gz", FIBERID=9)
    plan = plan_of(tmp_path)
    rows = plan.rows()
    paths = [tmp_path / "d.h5", tmp_path / "e.h5"]
    for path, part in zip(paths, (rows[:1], rows[1:]), strict=True):
        write_batch(path, *ingest_batch(part))
    spectra, rejected = summarise(paths, rows, plan.rejected)
    assert len(spectra) == 1 and spectra["obsid"].dtype == "Int64"


def test_the_summary_counts_everything_and_refuses_a_loss(tmp_path):
    bad_flux(tmp_path)
    lamost_files.write(tmp_path / "x/spec.fits.gz", "subcontinuum", FIBERID=1)
    lamost_files.write(tmp_path / "y/spec.fits.gz", "image", FIBERID=1)
    plan = plan_of(tmp_path)
    write_batch(tmp_path / "b.h5", *ingest_batch(plan.rows()))
    spectra, rejected = summarise([tmp_path / "b.h5"], plan.rows(), plan.rejected)
    assert len(spectra) + len(rejected) == 5
    assert set(rejected["stage"]) == {"plan", "ingest"}
    assert list(spectra["row"]) == [0, 1] and set(spectra["role"]) == {"candidate"}
    text = "\n".join(summary_lines(spectra, rejected))
    for label, count in (("input", 5), ("spectra", 2), ("rejected", 3), ("same spectrum twice", 1)):
        assert any(line.split() == [*label.split(), str(count), "0"] for line in text.splitlines()), text
    with pytest.raises(RuntimeError, match="3 spectra|planned files"):
        summarise([], plan.rows(), plan.rejected)


def test_stores_are_the_same_bytes_every_time(tmp_path):
    bad_flux(tmp_path)
    for name in ("b.h5", "c.h5"):
        write_batch(tmp_path / name, *ingest_batch(plan_of(tmp_path).rows()))
    assert (tmp_path / "b.h5").read_bytes() == (tmp_path / "c.h5").read_bytes()


@pytest.mark.real
def test_all_real_files_are_kept_and_both_readers_agree(real, tmp_path):
    plan = plan_files(str(real / "lamost"))
    assign_batches(plan, 1, 100)
    rows = plan.rows()
    assert len(rows) + len(plan.rejected) == 303
    assert plan.rejected["reason"].str.startswith("same spectrum twice").sum() == 1
    (spectra, header, rejected), (slow, slow_header, _) = ingest_batch(rows), ingest_batch(rows, by_astropy)
    assert len(spectra) + len(rejected) == 302 and rejected.empty
    for name in ("flux", "ivar", "ormask", "spectrum_key"):
        np.testing.assert_array_equal(getattr(spectra, name), getattr(slow, name))
    pd.testing.assert_frame_equal(header, slow_header)
    assert header["obsid"].isna().sum() == 129
    index = pd.read_csv(real / "lamost" / "index.csv").drop_duplicates("file")
    joined = header.merge(index, left_on="filename", right_on="file", suffixes=("", "_index"))
    assert len(joined) == 302
    np.testing.assert_allclose(joined["snri"], joined["snri_index"])
    np.testing.assert_allclose(joined["ra"], joined["ra_index"], atol=1e-9)
    assert (joined["n_pixel"] == joined["npix"]).all()
    write_batch(tmp_path / "b.h5", spectra, header, rejected)
    np.testing.assert_array_equal(read_batch(tmp_path / "b.h5").flux, spectra.flux)
    pd.testing.assert_frame_equal(read_header(tmp_path / "b.h5"), header)
