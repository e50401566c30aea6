"""The product: written, read back, and files as others write them; what is wrong with a file is told in one line."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from made_golden import make_candidates

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.product import COMMENTS, read_library, sample_table, write_golden_sample
from mstars.engines.laspm.golden.spectra import GRID

LABELS = ["teff", "logg", "m_h"]


def members(n=30):
    table, spectra, _ = make_candidates(n, bad=0)
    table = table.assign(luminosity_class="dM", obsid=np.arange(n), source_id=np.arange(n) + 10**15, ra=1.0, dec=2.0)
    table = table.assign(rv=5.0, supplement=False, status="kept", review_status="", distance=0.5)
    return table.assign(**{f"{label}_label_err": 0.1 for label in LABELS}), spectra


def offsets():
    rows = [("dM", "made", label, mean, True) for label, mean in zip(LABELS, (87.0, 0.1, -0.2), strict=True)]
    return pd.DataFrame(rows, columns=["luminosity_class", "source", "label", "mean", "used"])


def test_it_reads_back(tmp_path):
    table, spectra = members()
    product = sample_table(table, offsets())
    for name in ("one.fits", "two.fits"):
        write_golden_sample(product, spectra, tmp_path / name, scale="starhorse", comments=COMMENTS)
    assert (tmp_path / "one.fits").read_bytes() == (tmp_path / "two.fits").read_bytes()
    found = read_library(tmp_path / "one.fits")
    np.testing.assert_array_equal(found.flux, spectra.flux)
    np.testing.assert_array_equal(found.ivar, spectra.ivar)
    np.testing.assert_allclose(found.wavelength, GRID.wavelength)
    for name in (*LABELS, "spectrum_key", "star_id", "luminosity_class", "teff_label_err"):
        assert found.table[name].tolist() == table[name].tolist()
    assert found.table["source"].tolist() == ["made"] * 30
    with fits.open(tmp_path / "one.fits") as hdus:
        assert hdus[0].header["SCALE"] == "starhorse" and (hdus["STARS"].data["teff_offset"] == 87).all()


def file_of(path, table, flux, header=None):
    primary = fits.PrimaryHDU(flux.astype(np.float32))
    primary.header.update(header or {"CRVAL1": 3.59, "CD1_1": 1e-4})
    hdus = [primary] + ([fits.BinTableHDU.from_columns(table)] if table is not None else [])
    fits.HDUList(hdus).writeto(path)
    return path


def columns(n, **others):
    values = {"Teff": np.linspace(3300, 3900, n), "logg": np.full(n, 4.8), "FeH": np.zeros(n), "obsid": np.arange(n)}
    values |= others
    formats = {"i": "K", "f": "D", "U": "20A"}
    return [
        fits.Column(name, formats[np.asarray(one).dtype.kind], array=one)
        for name, one in values.items()
        if one is not None
    ]


def test_a_file_with_other_names_and_without_errors(tmp_path):
    n, pixels = 8, 3600
    logg = np.where(np.arange(n) < 3, 0.5, 4.8)
    path = file_of(tmp_path / "authors.fits", columns(n, logg=logg), np.ones((n, pixels)))
    found = read_library(path)
    assert found.wavelength[0] == pytest.approx(10**3.59) and found.table["m_h"].tolist() == [0.0] * n
    assert found.table["luminosity_class"].tolist() == ["gM"] * 3 + ["dM"] * 5
    assert found.ivar[0, 0] == pytest.approx(100**2) and found.table["spectrum_key"].tolist() == [
        str(i) for i in range(n)
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("no"), "not a readable FITS file"),
        (lambda path: file_of(path, None, np.ones((3, 3600))), "no table with 3 rows"),
        (lambda path: file_of(path, columns(4, FeH=None), np.ones((4, 3600))), "no column m_h"),
        (lambda path: file_of(path, columns(4), np.ones((4, 3600)), {"X": 1}), "no wavelengths"),
        (lambda path: file_of(path, columns(4), np.ones((4, 900))), "are needed"),
        (lambda path: file_of(path, columns(4), np.ones((4, 40)), {"CRVAL1": 3.5, "CD1_1": 0.02}), "too coarse"),
        (lambda path: file_of(path, columns(4, Teff=np.full(4, np.nan)), np.ones((4, 3600))), "no star with all"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path, make, said):
    path = tmp_path / "library.fits"
    make(path)
    with pytest.raises(InputError, match=said) as told:
        read_library(path)
    assert str(path) in str(told.value) and "\n" not in str(told.value)
