"""Identity, place and redshift of headers in every form that people write."""

import lamost_files
import numpy as np
import pytest

from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.plan import plan_files
from mstars.lamost.reader import read_header, read_spectrum


@pytest.mark.parametrize(
    "cards",
    [
        {"FIBERID": -9999},
        {"FIBERID": 0},
        {"FIBERID": 2**70},
        {"SPID": -9999},
        {"LMJD": 0},
        {"LMJD": 1.5},
        {"PLANID": ""},
        {"PLANID": "../../etc"},
        {"PLANID": "<script>"},
        {"PLANID": "{batch}"},
    ],
)
def test_cards_that_are_no_identity(tmp_path, cards):
    path = lamost_files.write(tmp_path / "a.fits.gz", **cards)
    with pytest.raises(UnusableSpectrum, match="no identity"):
        read_spectrum(path)
    with pytest.raises(UnusableSpectrum, match=next(iter(cards))):
        read_header(path)
    named = lamost_files.write(tmp_path / f"{lamost_files.stem(fiberid=7)}.fits.gz", **cards)
    assert read_spectrum(named).values["spectrum_key"].endswith("-sp04-007")


def test_a_plan_name_that_is_not_ascii_is_a_rejected_row(tmp_path):
    raw = lamost_files.write(tmp_path / "a.fits", compress=False, PLANID="M31xB1").read_bytes()
    (tmp_path / "a.fits").write_bytes(raw.replace(b"M31xB1", b"M31\xe9B1"))
    lamost_files.write(tmp_path / "b.fits", compress=False)
    rejected = plan_files(str(tmp_path)).rejected
    assert list(rejected["filename"]) == ["a.fits"] and "PLANID 'M31?B1'" in rejected["reason"][0]


def test_an_obsid_that_64_bits_do_not_hold_is_a_rejected_row(tmp_path):
    lamost_files.write(tmp_path / "a.fits", compress=False)
    for name, obsid in (("b", 2**63), ("c", 10**40), ("d", str(10**30))):
        lamost_files.write(tmp_path / f"{name}.fits", compress=False, OBSID=obsid, FIBERID=9)
    rejected = plan_files(str(tmp_path)).rejected
    assert len(rejected) == 3 and rejected["reason"].str.contains("is no 64-bit integer").all()


@pytest.mark.parametrize(
    ("card", "obsid"),
    [
        (-9999, None),
        (0, None),
        ("null", None),
        ("1.24e9", None),
        (1.24e9, None),
        ("123404123", 123404123),
        (77.0, 77),
        (True, None),
    ],
)
def test_obsids_that_are_none(tmp_path, card, obsid):
    assert read_header(lamost_files.write(tmp_path / "a.fits", OBSID=card))["obsid"] == obsid


@pytest.mark.parametrize(
    "cards",
    [
        {"RA": -9999, "DEC": -9999, "RA_OBS": 42.975, "DEC_OBS": 22.5},
        {"RA": "02:51:54", "DEC": "+22:30:00"},
        {"RA": "02 51 54.00", "DEC": "22 30 00"},
        {"RA": "42.975", "DEC": "22.5"},
        {"RA": "42,975", "DEC": "22,5"},
        {"RA": "02h51m54.00s", "DEC": "+22d30m00s"},
        {"RA": "2:51.9", "DEC": "22:30"},
        {"RA": 0.0, "DEC": 0.0, "RA_OBS": 42.975, "DEC_OBS": 22.5},
        {"RA": 361.0, "DEC": 22.5, "RA_OBS": 42.975, "DEC_OBS": 22.5},
        {"RA": None, "DEC": None, "RA_OBS": None, "DEC_OBS": None, "OBS_RA": 42.975, "OBS_DEC": 22.5},
        {"RA": "null", "DEC": 22.5, "RA_OBS": 42.975, "DEC_OBS": 22.5},
    ],
)
def test_a_place_is_read_in_every_form(tmp_path, cards):
    values = read_header(lamost_files.write(tmp_path / "a.fits", **cards))
    np.testing.assert_allclose([values["ra"], values["dec"]], [42.975, 22.5], atol=1e-9)


def test_negative_declinations_in_sexagesimal(tmp_path):
    values = read_header(lamost_files.write(tmp_path / "a.fits", RA="00:00:01.5", DEC="-00:30:36"))
    np.testing.assert_allclose([values["ra"], values["dec"]], [0.00625, -0.51], atol=1e-9)


@pytest.mark.parametrize(
    ("card", "value"),
    [
        ("3.9D-05", 3.9e-5),
        (" 3.9d-05 ", 3.9e-5),
        ("nan", np.nan),
        ("Infinity", np.nan),
        ("1_0", np.nan),
        ("0,000039", 3.9e-5),
        ("1,000,0", np.nan),
        (True, np.nan),
        (-9999, -9999),
    ],
)
def test_a_redshift_in_text(tmp_path, card, value):
    np.testing.assert_equal(read_header(lamost_files.write(tmp_path / "a.fits", Z=card))["z"], value)
