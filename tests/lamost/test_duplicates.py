"""Of several files of one spectrum the best usable one is used, whatever rule would break the tie."""

import gzip

import lamost_files
import numpy as np
import pandas as pd
import pytest

from mstars.lamost.ingest import ingest_batch
from mstars.lamost.plan import plan_files

NEWER = {
    "version": {"VERSPIPE": "v2.10.0"},
    "release": {"DATA_V": "LAMOST DR11"},
    "date": {"DATE": "2024-01-01T00:00:00"},
    "name": {},
}


def truncated(path, **cards):
    whole = lamost_files.write(path, **cards).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def masked(path, **cards):
    data = lamost_files.arrays()
    lamost_files.write(path, data=data | {"ormask": np.full_like(data["ormask"], 4)}, **cards)


def without_place(path, **cards):
    lamost_files.write(path, RA=None, DEC=None, RA_OBS=None, DEC_OBS=None, **cards)


def without_flux(path, **cards):
    data = lamost_files.arrays()
    lamost_files.write(path, data=data | {"flux": np.zeros_like(data["flux"])}, **cards)


def of_no_wavelength(path, **cards):
    data = lamost_files.arrays()
    lamost_files.write(path, data=data | {"wavelength": data["wavelength"] * 3}, **cards)


UNUSABLE = {
    "truncated or damaged gzip": truncated,
    "all pixels masked": masked,
    "no coordinates": without_place,
    "no usable flux": without_flux,
    "wavelengths": of_no_wavelength,
}


@pytest.mark.parametrize("rule", NEWER)
@pytest.mark.parametrize("reason", UNUSABLE)
def test_a_later_file_that_is_unusable_does_not_beat_a_good_one(tmp_path, rule, reason):
    lamost_files.write(tmp_path / "a_good.fits.gz")
    UNUSABLE[reason](tmp_path / "b_bad.fits.gz", **NEWER[rule])
    plan = plan_files(str(tmp_path))
    assert list(plan.candidates["filename"]) == ["a_good.fits.gz"]
    assert list(plan.rejected["filename"]) == ["b_bad.fits.gz"]
    assert plan.rejected["reason"][0].startswith(reason)
    assert len(ingest_batch(plan.rows())[0]) == 1


@pytest.mark.parametrize("rule", NEWER)
def test_of_usable_files_the_newest_is_used(tmp_path, rule):
    for number, name in enumerate(("b", "c")):
        lamost_files.write(tmp_path / f"{name}.fits.gz", **(NEWER[rule] if number else {}))
    truncated(tmp_path / "d.fits.gz", VERSPIPE="v3.0")
    plan = plan_files(str(tmp_path))
    assert list(plan.candidates["filename"]) == ["c.fits.gz"]
    reason = dict(zip(plan.rejected["filename"], plan.rejected["reason"], strict=True))
    assert reason["b.fits.gz"].startswith("same spectrum twice: c.fits.gz (v")
    assert reason["d.fits.gz"] == "truncated or damaged gzip"


@pytest.mark.parametrize("later", ["2019-06-14", "14/06/2019", "20190614", "2019/06/14T01:00:00", "14-Jun-2019"])
def test_dates_of_writing_are_compared_as_days_in_every_form(tmp_path, later):
    lamost_files.write(tmp_path / "a.fits.gz", DATE=later)
    lamost_files.write(tmp_path / "b.fits.gz", DATE="2019-06-13T08:03:16")
    lamost_files.write(tmp_path / "c.fits.gz", DATE="30/05/2019")
    assert list(plan_files(str(tmp_path)).candidates["filename"]) == ["a.fits.gz"]


def test_a_file_with_both_arms_goes_before_a_newer_one_with_one(tmp_path):
    data = lamost_files.arrays()
    red = data["wavelength"] > 5900
    lamost_files.write(tmp_path / "old.fits.gz")
    lamost_files.write(
        tmp_path / "new.fits.gz", data=data | {"ivar": np.where(red, 0, data["ivar"])}, VERSPIPE="v2.10.0"
    )
    plan = plan_files(str(tmp_path))
    assert list(plan.candidates["filename"]) == ["old.fits.gz"]
    assert plan.rejected["reason"][0].endswith("this file is of v2.10.0 and lacks the red arm")


def test_a_spectrum_of_unusable_files_alone_is_rejected_twice(tmp_path):
    masked(tmp_path / "a.fits.gz")
    truncated(tmp_path / "b.fits.gz")
    lamost_files.write(tmp_path / "other.fits.gz", FIBERID=9)
    plan = plan_files(str(tmp_path))
    assert list(plan.candidates["fiberid"]) == [9]
    assert sorted(plan.rejected["reason"]) == ["all pixels masked", "truncated or damaged gzip"]


def test_a_release_uses_the_whole_one_of_two_files_too(tmp_path):
    from mstars.lamost.release import plan_release

    folder, stem = tmp_path / "fits/2012-03-13/P1", lamost_files.stem(planid="P1", fiberid=1)
    truncated(folder / f"{stem}.fits.gz", PLANID="P1", FIBERID=1)
    lamost_files.write(folder / f"{stem}.fits", PLANID="P1", FIBERID=1, compress=False)
    other = lamost_files.write(folder / "77.fits.gz", PLANID="P1", FIBERID=2, OBSID=77, VERSPIPE="v2.10.0")
    second = folder / f"{lamost_files.stem(planid='P1', fiberid=2)}.fits.gz"
    lamost_files.write(second, PLANID="P1", FIBERID=2, OBSID=77)
    table = pd.DataFrame({"obsid": [5, 77], "lmjd": 56000, "planid": "P1", "spid": 4, "fiberid": [1, 2]})
    table = table.assign(ra=10.0, dec=1.0, obsdate="2012-03-13", z=1e-4, subclass="dM3", **{"class": "STAR"})
    table.assign(**dict.fromkeys(("snru", "snrg", "snrr", "snri", "snrz"), 9.0)).to_csv(tmp_path / "m.csv", index=False)
    plan = plan_release(tmp_path / "fits", tmp_path / "m.csv")
    assert list(plan.candidates["filename"]) == [f"{stem}.fits", other.name]
    assert list(plan.rejected["filename"]) == [f"{stem}.fits.gz", second.name]
    assert plan.rejected["reason"][0] == "truncated or damaged gzip"
    assert len(ingest_batch(plan.rows())[0]) == 2


def test_a_truncated_gzip_of_a_whole_header_is_found(tmp_path):
    # the header alone is read of files that no other shares its spectrum with
    whole = lamost_files.write(tmp_path / "a.fits.gz").read_bytes()
    (tmp_path / "a.fits.gz").write_bytes(whole[:-100])
    plan = plan_files(str(tmp_path))
    assert len(plan.candidates) == 1
    assert list(ingest_batch(plan.rows())[2]["reason"]) == ["truncated or damaged gzip"]
    assert gzip.decompress(whole)[:6] == b"SIMPLE"
