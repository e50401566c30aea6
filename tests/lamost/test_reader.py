"""Spectrum files of every layout, and files that are none."""

import gzip

import lamost_files
import numpy as np
import pytest
from astropy.io import fits

from mstars.lamost.archive import read_bytes
from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.compression import decompress
from mstars.lamost.grid import place_on_grid
from mstars.lamost.reader import read_header, read_spectrum
from mstars.lamost.with_astropy import read_with_astropy
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength


def on_grid(spectrum):
    flux, ivar = np.zeros(N_PIXEL, np.float32), np.zeros(N_PIXEL, np.float32)
    ormask = np.zeros(N_PIXEL, np.uint8)
    return place_on_grid(spectrum, flux, ivar, ormask), flux, ivar, ormask


def by_astropy(path, filename=None):
    return read_with_astropy(decompress(read_bytes(path)), filename or path.name)


def assert_same(one, other):
    np.testing.assert_equal(one.values, other.values)
    assert one.layout == other.layout
    for name in ("flux", "ivar", "ormask", "wavelength"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_equal((one.loglam0, one.dloglam), (other.loglam0, other.dloglam))


@pytest.mark.parametrize("layout", lamost_files.LAYOUTS)
@pytest.mark.parametrize("compress", [True, False])
def test_each_layout_reads_back(tmp_path, layout, compress):
    data = lamost_files.arrays(3902)
    name = "spectrum.fits.gz" if compress else "spectrum.fits"
    path = lamost_files.write(tmp_path / name, layout, data, compress=compress)
    spectrum = read_spectrum(path)
    assert spectrum.layout == layout
    assert spectrum.values["spectrum_key"] == "56000-GAC089N28V1-sp04-123"
    assert spectrum.values["snru"] == 10 and spectrum.values["snrz"] == 14
    resampled, flux, ivar, ormask = on_grid(spectrum)
    assert not resampled
    for result, expected in ((flux, data["flux"]), (ivar, data["ivar"]), (ormask, data["ormask"])):
        np.testing.assert_array_equal(result[:3902], expected)
        assert not result[3902:].any()
    assert_same(spectrum, by_astropy(path))
    assert read_header(path) == spectrum.values


def test_all_layouts_give_the_same_arrays(tmp_path):
    data = lamost_files.arrays(3905)
    found = [on_grid(read_spectrum(lamost_files.write(tmp_path / f"{k}.fits", k, data))) for k in lamost_files.LAYOUTS]
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_a_missing_obsid_and_blank_values_are_null(tmp_path):
    path = lamost_files.write(tmp_path / "a.fits.gz", "subcontinuum", HELIO_RV="", Z_ERR=None)
    values = read_spectrum(path).values
    assert values["obsid"] is None
    assert np.isnan(values["helio_rv"]) and np.isnan(values["z_err"])
    assert values["ra"] == values["ra_obs"] == 99.989574


def test_the_name_identifies_where_the_header_does_not(tmp_path):
    path = lamost_files.write(tmp_path / "v2_spec-56000-HD1_2_sp04-007.fits.gz", PLANID=None)
    assert read_spectrum(path).values["spectrum_key"] == "56000-HD1_2-sp04-007"
    path = lamost_files.write(tmp_path / "123404123.fits.gz", PLANID=None)
    with pytest.raises(UnusableSpectrum, match="no identity"):
        read_spectrum(path)


def test_the_header_goes_before_the_name(tmp_path):
    path = lamost_files.write(tmp_path / "spec-57777-OTHER_sp01-001.fits.gz", FIBERID="7")
    assert read_spectrum(path).values["spectrum_key"] == "56000-GAC089N28V1-sp04-007"


def test_a_spectrum_that_begins_later_or_runs_over_the_grid_is_placed(tmp_path):
    step = 10 ** (3.5682 + 1e-4 * np.arange(-5, 4000))
    data = lamost_files.arrays(4005) | {"wavelength": step.astype(np.float32)}
    resampled, flux, *_ = on_grid(read_spectrum(lamost_files.write(tmp_path / "a.fits", data=data)))
    assert not resampled
    np.testing.assert_array_equal(flux, data["flux"][5 : 5 + N_PIXEL])


def test_a_spectrum_off_the_grid_is_resampled_with_its_variance(tmp_path):
    data = lamost_files.arrays()
    data |= {"wavelength": (10 ** (3.5682 + 1e-4 * (np.arange(N_PIXEL) + 0.25))).astype(np.float32)}
    data["flux"] = data["wavelength"] * 2
    data["ivar"][:] = 4.0
    data["ivar"][2000] = 0
    resampled, flux, ivar, ormask = on_grid(read_spectrum(lamost_files.write(tmp_path / "a.fits", data=data)))
    assert resampled
    np.testing.assert_allclose(flux[1:], 2 * lamost_wavelength()[1:], rtol=1e-6)
    np.testing.assert_allclose(ivar[3000], 4 / (0.75**2 + 0.25**2), rtol=1e-3)
    assert flux[0] == 0 and ivar[0] == 0
    assert (ivar[2000:2002] == 0).all() and ivar[1999] > 0 and ivar[2002] > 0
    assert (ormask[100:111] == 4).all() and ormask[99] == ormask[111] == 0


@pytest.mark.parametrize("layout", lamost_files.LAYOUTS)
def test_wavelengths_in_air_are_converted(tmp_path, layout):
    data = lamost_files.arrays() | {"flux": np.exp(-0.5 * ((np.arange(N_PIXEL) - 2000) / 5) ** 2).astype(np.float32)}
    resampled, flux, *_ = on_grid(read_spectrum(lamost_files.write(tmp_path / "a", layout, data, VACUUM=False)))
    assert resampled
    # in the red a line's vacuum wavelength is 83 km/s longer than in air, 1.2 pixels of the grid
    centre = (flux * np.arange(N_PIXEL)).sum() / flux.sum()
    np.testing.assert_allclose(centre, 2001.2, atol=0.03)


def test_scaled_integers_go_to_astropy(tmp_path):
    data = lamost_files.arrays()
    rows = np.stack([data["flux"], data["ivar"] * 100, data["flux"], data["ormask"], data["ormask"]])
    hdu = fits.PrimaryHDU(rows.astype(np.int16), header=lamost_files.header("subcontinuum"))
    hdu.header["BZERO"], hdu.header["BSCALE"] = 10, 2
    hdu.writeto(tmp_path / "a.fits")
    spectrum = read_spectrum(tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits") as hdus:
        np.testing.assert_array_equal(spectrum.flux, hdus[0].data[0])


def bad_truncated_gzip(path):
    whole = lamost_files.write(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def bad_damaged_gzip(path):
    whole = bytearray(lamost_files.write(path).read_bytes())
    whole[3000:3020] = b"\xff" * 20
    path.write_bytes(bytes(whole))


def bad_truncated_data(path):
    path.write_bytes(lamost_files.write(path, compress=False).read_bytes()[:40000])


def bad_truncated_header(path):
    path.write_bytes(lamost_files.write(path, compress=False).read_bytes()[:1000])


def bad_table_without_columns(path):
    table = fits.BinTableHDU.from_columns([fits.Column("WAVE", "E", array=np.ones(3))])
    fits.HDUList([fits.PrimaryHDU(header=lamost_files.header("coadd")), table]).writeto(path)


BAD_FILES = {
    "truncated or damaged gzip": bad_truncated_gzip,
    "damaged gzip": bad_damaged_gzip,
    "truncated: .* bytes of data": bad_truncated_data,
    "header has no END": bad_truncated_header,
    "not a FITS file": lambda path: path.write_text("<html>404 not found</html>"),
    "empty file": lambda path: path.write_bytes(b""),
    "image has 3, expected 5": lambda path: lamost_files.write(path, n_row=3),
    "COADD table has 2, expected 1": lambda path: lamost_files.write(path, "coadd", n_row=2),
    "neither an image nor a table": bad_table_without_columns,
    "no wavelengths": lambda path: lamost_files.write(path, "subcontinuum", COEFF0=None),
    "no such file": lambda path: None,
}


@pytest.mark.parametrize("reason", BAD_FILES)
def test_a_bad_file_says_why(tmp_path, reason):
    path = tmp_path / "a.fits.gz"
    BAD_FILES[reason](path)
    with pytest.raises(UnusableSpectrum, match=reason):
        read_spectrum(path)


@pytest.mark.parametrize("reason", ["truncated or damaged gzip", "header has no END", "not a FITS", "no such file"])
def test_a_bad_header_says_why(tmp_path, reason):
    path = tmp_path / "a.fits.gz"
    if reason == "truncated or damaged gzip":
        path.write_bytes(b"\x1f\x8b\x08" + b"\xff" * 100)
    else:
        next(make for name, make in BAD_FILES.items() if reason in name)(path)
    with pytest.raises(UnusableSpectrum, match=reason):
        read_header(path)


def test_wavelengths_elsewhere_are_unusable(tmp_path):
    data = lamost_files.arrays(500) | {"wavelength": np.linspace(9500, 9990, 500).astype(np.float32)}
    with pytest.raises(UnusableSpectrum, match="outside"):
        on_grid(read_spectrum(lamost_files.write(tmp_path / "a.fits", data=data)))


@pytest.mark.real
def test_real_files_read_as_astropy_reads_them(real):
    paths = sorted((real / "lamost").glob("**/*.fits.gz"))
    assert len(paths) == 303
    layouts, resampled = {}, 0
    for path in paths:
        spectrum = read_spectrum(path)
        assert_same(spectrum, by_astropy(path))
        np.testing.assert_equal(read_header(path), spectrum.values)
        off_grid, flux, *_ = on_grid(spectrum)
        assert np.isfinite(flux).all() and flux.any()
        layouts[spectrum.layout] = layouts.get(spectrum.layout, 0) + 1
        resampled += off_grid
    assert layouts == {"subcontinuum": 118, "image": 170, "coadd": 15}
    assert resampled == 3


@pytest.mark.real
def test_one_real_spectrum_in_two_layouts_is_the_same_star(real):
    older, newer = (
        read_spectrum(real / "lamost" / "cmost" / name)
        for name in ("48d7b36_spec-55859-F5902_sp01-005.fits.gz", "spec-55859-F5902_sp01-005.fits.gz")
    )
    assert older.values["spectrum_key"] == newer.values["spectrum_key"]
    assert (older.layout, newer.layout) == ("image", "coadd")
    flux = [on_grid(spectrum)[1] for spectrum in (older, newer)]
    assert np.corrcoef(flux[0], flux[1])[0, 1] > 0.99


def test_multi_member_gzip_is_read_whole(tmp_path):
    raw = lamost_files.write(tmp_path / "a.fits", compress=False).read_bytes()
    path = tmp_path / "b.fits.gz"
    path.write_bytes(gzip.compress(raw[:50000]) + gzip.compress(raw[50000:]))
    np.testing.assert_array_equal(read_spectrum(path).flux, read_spectrum(tmp_path / "a.fits").flux)
