"""Formats of template spectra."""

import numpy as np
import pytest
from astropy.io import fits
from made_templates import WAVE, spectrum, text_file

from mstars.core.errors import InputError
from mstars.templates.formats import check_template, read_folder, read_template


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda w, f: (w, np.full_like(f, 2.0)), "constant flux"),
        (lambda w, f: (w, f - 2 * np.median(f)), "negative"),
        (lambda w, f: (w[(w < 6000) | (w > 6200)], f[(w < 6000) | (w > 6200)]), r"a gap of 20\d A"),
        (lambda w, f: (w / 10, f), "not a range in angstrom"),
        (lambda w, f: (w[::-1], f), "do not ascend"),
        (lambda w, f: (w[:50], f[:50]), "at least 200"),
        (lambda w, f: (w, np.where(w == 5000, np.nan, f)), "not numbers"),
    ],
)
def test_refused(change, reason):
    with pytest.raises(InputError, match=reason) as error:
        check_template("some/file.txt", *change(WAVE, spectrum()))
    assert "some/file.txt" in str(error.value)


def test_unknown_medium(tmp_path):
    with pytest.raises(InputError, match="'helium'"):
        read_template(text_file(tmp_path / "x.txt", WAVE, spectrum()), "helium")


def test_fits_forms(tmp_path):
    """A table in nm, a log10 image with several stars, a LAMOST 1D file: each lands where it should."""
    table = fits.BinTableHDU.from_columns(
        [fits.Column("WAVE", "D", unit="nm", array=WAVE / 10), fits.Column("FLUX", "D", array=spectrum(6564.6))]
    )
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "table.fits")
    loglam = 3.57 + 1e-4 * np.arange(3900)
    row = np.interp(10**loglam, WAVE, spectrum(6564.6))
    image = fits.PrimaryHDU(np.stack([row, 2 * row]).astype("f4"))
    image.header.update({"COEFF0": 3.57, "COEFF1": 1e-4, "NAME0": "M0III (1)", "NAME1": "M2V (2)"})
    image.writeto(tmp_path / "stars.fits")
    lamost = fits.PrimaryHDU(np.tile(row, (5, 1)).astype("f4"))
    lamost.header.update({"COEFF0": 3.57, "COEFF1": 1e-4, "TELESCOP": "LAMOST"})
    lamost.writeto(tmp_path / "spec-1-A_sp01-001.fits.gz")
    (tmp_path / "broken.fits").write_bytes(b"no FITS file")
    templates, refused = read_folder(tmp_path, "vacuum")
    assert len(templates) == 4 and len(refused) == 1 and "broken.fits" in refused[0]
    for template in templates:
        near = (template.wavelength > 6540) & (template.wavelength < 6590)
        assert abs(template.wavelength[near][np.argmin(template.flux[near])] - 6564.6) < 1.6


def test_unknown_unit(tmp_path):
    table = fits.BinTableHDU.from_columns(
        [fits.Column("WAVE", "D", unit="keV", array=WAVE), fits.Column("FLUX", "D", array=spectrum())]
    )
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "table.fits")
    with pytest.raises(InputError, match="wavelengths in 'kev'"):
        read_template(tmp_path / "table.fits", "vacuum")


@pytest.mark.real
def test_sdss_eigen_stars(real):
    """123 stars a file; those that are refused say why."""
    path = real / "templates" / "idlspec2d" / "spEigenStar-55734.fits.gz"
    templates = read_template(path, "vacuum")
    names = [template.name for template in templates]
    assert len(names) == 123 and any(name.startswith("M0III") for name in names)
