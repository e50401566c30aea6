"""S/N from the pixels where header or catalogue tell none, and only there."""

import lamost_files
import numpy as np
import pytest

from mstars.core.snr import SNR
from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.grid import place_on_grid
from mstars.lamost.ingest import ingest_batch
from mstars.lamost.plan import plan_files
from mstars.lamost.reader import read_spectrum
from mstars.lamost.snr import snr_of_pixels
from mstars.spectra.wavelengths import N_PIXEL

TRUTH = 50.0
CARDS = tuple(f"SNR{band}" for band in "UGRIZ")


@pytest.fixture
def data():
    """A spectrum whose every pixel has S/N 50 but for the noise of its flux."""
    random = np.random.default_rng(5)
    flux = np.linspace(20, 400, N_PIXEL)
    seen = flux * (1 + random.normal(0, 1 / TRUTH, N_PIXEL))
    return lamost_files.arrays() | {"flux": seen.astype(np.float32), "ivar": ((TRUTH / flux) ** 2).astype(np.float32)}


def planned(folder):
    plan = plan_files(str(folder))
    _, header, _ = ingest_batch(plan.rows())
    return plan.candidates.iloc[0], header.iloc[0]


@pytest.mark.parametrize("value", [None, 0.0, -9999.0, "null", -5.0, 1e30, "inf"])
def test_all_cards_missing(tmp_path, data, value):
    lamost_files.write(tmp_path / "a.fits.gz", data=data, **dict.fromkeys(CARDS, value))
    for row in planned(tmp_path):
        assert row["snr_from_pixels"] == "ugriz"
        np.testing.assert_allclose(row[list(SNR)].astype(float), TRUTH, rtol=0.01)


def test_one_card_missing_or_zero_against_the_pixels(tmp_path, data):
    lamost_files.write(tmp_path / "a.fits.gz", data=data, SNRI=0.0, SNRU=0.0, SNRZ=-9999.0)
    for row in planned(tmp_path):
        assert row["snr_from_pixels"] == "uiz"
        np.testing.assert_allclose(row[["snru", "snri", "snrz"]].astype(float), TRUTH, rtol=0.01)
        assert (row["snrg"], row["snrr"]) == (11.0, 12.0)


def test_a_zero_that_the_pixels_confirm_stays(tmp_path, data):
    faint = data | {"ivar": data["ivar"] / 2500}
    lamost_files.write(tmp_path / "a.fits.gz", data=faint, SNRU=0.0, SNRI=0.0)
    for row in planned(tmp_path):
        assert row["snr_from_pixels"] == "" and row["snri"] == 0


def test_cards_that_tell_are_left_alone(tmp_path, data):
    lamost_files.write(tmp_path / "a.fits.gz", data=data)
    for row in planned(tmp_path):
        assert row["snr_from_pixels"] == "" and list(row[list(SNR)]) == [10.0, 11.0, 12.0, 13.0, 14.0]


@pytest.mark.real
def test_the_pixels_tell_what_real_headers_tell(real):
    ratios = []
    for path in sorted((real / "lamost").glob("**/*.fits.gz")):
        spectrum = read_spectrum(path)
        flux, ivar = np.zeros((2, N_PIXEL), np.float32)
        try:
            place_on_grid(spectrum, flux, ivar, np.zeros(N_PIXEL, np.uint8))
        except UnusableSpectrum:
            continue
        ratios.append(snr_of_pixels(flux, ivar)["snri"] / spectrum.values["snri"])
    assert len(ratios) > 300
    np.testing.assert_allclose(np.median(ratios), 1, atol=0.03)
    assert np.percentile(np.abs(np.array(ratios) - 1), 90) < 0.06
