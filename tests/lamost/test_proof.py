"""A file proves what it is before it is measured: wavelengths, resolution, medium, flux, identity, structure."""

import tracemalloc

import lamost_files
import numpy as np
import pytest
from astropy.io import fits

from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.grid import place_on_grid
from mstars.lamost.ingest import ingest_batch
from mstars.lamost.plan import plan_files
from mstars.lamost.reader import read_header, read_spectrum
from mstars.quality.recommended import rv_flag
from mstars.spectra.wavelengths import N_PIXEL, air_to_vacuum, lamost_wavelength

LINE = 6500.0
GRID = lamost_wavelength()


def with_line(wavelength, **changes):
    """Arrays with an emission line at `LINE` on given wavelengths."""
    flux = 100 + 500 * np.exp(-0.5 * ((wavelength - LINE) / 4) ** 2)
    n = len(wavelength)
    arrays = {"flux": flux, "ivar": np.ones(n), "ormask": np.zeros(n), "wavelength": wavelength}
    return {name: np.asarray(row, np.float32) for name, row in {**arrays, **changes}.items()}


def line_of(path):
    """Wavelength of the line of a file, as it is read onto the common grid."""
    flux, ivar = np.zeros(N_PIXEL, np.float32), np.zeros(N_PIXEL, np.float32)
    place_on_grid(read_spectrum(path), flux, ivar, np.zeros(N_PIXEL, np.uint8))
    near = (np.abs(GRID - LINE) < 25) & (ivar > 0)
    weight = np.where(near, np.clip(flux - 100, 0, None), 0)
    return (weight * GRID).sum() / weight.sum()


def reason_of(path):
    with pytest.raises(UnusableSpectrum) as caught:
        read_spectrum(path)
    return str(caught.value)


LINEAR = np.arange(3700.0, 9090.0)


@pytest.mark.parametrize("layout", ["image", "coadd"])
@pytest.mark.parametrize("wavelength", [GRID, LINEAR], ids=["log", "linear"])
@pytest.mark.parametrize("stale", [None, 3.5])
def test_wavelengths_that_are_not_plain_are_read_right(tmp_path, layout, wavelength, stale):
    cards = {} if stale is None else {"COEFF0": stale, "CRVAL1": stale}
    holes, ends = wavelength.copy(), wavelength.copy()
    holes[[100, 101, 2000]] = np.nan
    ends[:3], ends[-2:] = np.nan, 0
    given = {
        "nan": holes,
        "ends": ends,
        "nm": wavelength / 10,
        "micron": wavelength / 1e4,
        "log10": np.log10(wavelength),
    }
    for name, row in given.items():
        data = with_line(wavelength)
        path = lamost_files.write(
            tmp_path / f"{name}.fits", layout, data | {"wavelength": row.astype(np.float32)}, **cards
        )
        np.testing.assert_allclose(line_of(path), LINE, atol=0.1, err_msg=name)
    backwards = {name: row[::-1] for name, row in with_line(wavelength).items()}
    path = lamost_files.write(tmp_path / "descending.fits", layout, backwards, **cards)
    np.testing.assert_allclose(line_of(path), LINE, atol=0.1)
    assert read_spectrum(path).layout == layout


def test_broken_wavelengths_are_those_of_the_cards_or_refused(tmp_path):
    broken = GRID.copy()
    broken[500:520] = broken[520:500:-1]
    data = with_line(GRID) | {"wavelength": broken.astype(np.float32)}
    np.testing.assert_allclose(line_of(lamost_files.write(tmp_path / "a.fits", data=data)), LINE, atol=0.1)
    path = lamost_files.write(tmp_path / "b.fits", data=data, COEFF0=3.5)
    assert "neither ascend nor descend" in reason_of(path)


def test_cards_that_tell_wrong_wavelengths_are_refused(tmp_path):
    def reason(**cards):
        return reason_of(lamost_files.write(tmp_path / "a.fits", "subcontinuum", **cards))

    assert "contradict each other" in reason(COEFF0=3.5782, CRVAL1=3.5682)
    assert "contradict each other" in reason(COEFF1=1e-4, CD1_1=2e-4)
    assert "wavelengths outside" in reason(COEFF0=3.9)
    assert "wavelengths outside" in reason(COEFF0=3.0)
    assert "no wavelengths" in reason(COEFF0="unknown")
    assert read_spectrum(lamost_files.write(tmp_path / "b.fits", "subcontinuum", CRVAL1=-9999)).wavelength is None


@pytest.mark.parametrize(("first", "last"), [(4950, 5350), (6300, 6800), (6260, 6860)])
def test_medium_resolution_is_refused_by_its_pixels(tmp_path, first, last):
    wavelength = 10 ** np.arange(np.log10(first), np.log10(last), 2.38e-5)
    for layout in ("image", "coadd"):
        assert "(MRS)" in reason_of(lamost_files.write(tmp_path / "a.fits", layout, with_line(wavelength)))


@pytest.mark.parametrize("names", [("COADD_B", "COADD_R"), ("COADD_R",), ("B-84270420", "R-84270420")])
def test_medium_resolution_is_refused_by_the_names_of_its_tables(tmp_path, names):
    columns = [
        fits.Column(name, "1631E", array=[row])
        for name, row in zip(("FLUX", "IVAR", "WAVELENGTH", "ORMASK"), np.ones((4, 1631)), strict=True)
    ]
    tables = [fits.BinTableHDU.from_columns(columns, name=name) for name in names]
    fits.HDUList([fits.PrimaryHDU(header=lamost_files.header("coadd")), *tables]).writeto(tmp_path / "med.fits")
    assert "(MRS)" in reason_of(tmp_path / "med.fits")


def test_a_finely_sampled_spectrum_of_the_whole_range_is_no_mrs(tmp_path):
    path = lamost_files.write(tmp_path / "a.fits", data=with_line(np.arange(3800.0, 9000.0, 0.25)))
    np.testing.assert_allclose(line_of(path), LINE, atol=0.05)


@pytest.mark.parametrize(
    "cards",
    [
        {"VACUUM": False},
        {"VACUUM": "F"},
        {"VACUUM": "false"},
        {"VACUUM": 0},
        {"VACUUM": "air"},
        {"VACUUM": None, "AIRORVAC": "air"},
        {"VACUUM": None, "CTYPE1": "AWAV-LOG"},
    ],
)
def test_air_is_converted_however_it_is_said(tmp_path, cards):
    path = lamost_files.write(tmp_path / "a.fits", data=with_line(GRID), **cards)
    np.testing.assert_allclose(line_of(path), air_to_vacuum(LINE), atol=0.05)


@pytest.mark.parametrize(
    "cards",
    [
        {"VACUUM": True},
        {"VACUUM": "T"},
        {"VACUUM": "vacuum"},
        {"VACUUM": None},
        {"VACUUM": ""},
        {"VACUUM": None, "AIRORVAC": "vac"},
        {"CTYPE1": "LINEAR"},
        {"CTYPE1": "-9999"},
    ],
)
def test_vacuum_stays(tmp_path, cards):
    path = lamost_files.write(tmp_path / "a.fits", data=with_line(GRID), **cards)
    np.testing.assert_allclose(line_of(path), LINE, atol=0.05)


def test_a_header_that_contradicts_itself_on_the_medium_is_refused(tmp_path):
    assert "contradicts itself" in reason_of(lamost_files.write(tmp_path / "a.fits", VACUUM=True, AIRORVAC="air"))
    assert "unknown medium" in reason_of(lamost_files.write(tmp_path / "b.fits", VACUUM="perhaps"))


@pytest.mark.parametrize("layout", lamost_files.LAYOUTS)
@pytest.mark.parametrize("cards", [{"HELIO": False}, {"HELIO": "F"}, {"HELIO": 0}, {"SPECSYS": "TOPOCENT"}])
def test_topocentric_wavelengths_are_corrected_by_helio_rv(tmp_path, layout, cards):
    path = lamost_files.write(tmp_path / "a.fits", layout, with_line(GRID), HELIO_RV=-26.5, **cards)
    assert read_spectrum(path).frame == "corrected"
    # towards the star the Earth moves at 26.5 km/s: a line of a star at rest is seen that much in the blue
    np.testing.assert_allclose(line_of(path), LINE * (1 + 26.5 / 299792.458), atol=0.05)
    for missing in (None, "", -9999, 1e9):
        path = lamost_files.write(tmp_path / "b.fits", layout, with_line(GRID), HELIO_RV=missing, **cards)
        assert read_spectrum(path).frame == "topocentric"
        np.testing.assert_allclose(line_of(path), LINE, atol=0.05)


HELIOCENTRIC = [{"HELIO": True}, {"HELIO": None}, {"HELIO": "T"}]
HELIOCENTRIC += [{"SPECSYS": name} for name in ("HELIOCEN", "BARYCENT", "", "null")]


@pytest.mark.parametrize("cards", HELIOCENTRIC)
def test_heliocentric_wavelengths_stay(tmp_path, cards):
    path = lamost_files.write(tmp_path / "a.fits", data=with_line(GRID), HELIO_RV=-26.5, **cards)
    assert read_spectrum(path).frame == "heliocentric"
    np.testing.assert_allclose(line_of(path), LINE, atol=0.05)


@pytest.mark.parametrize("system", ["LSRK", "GALACTOC", "SOURCE", "CMBDIPOL", "?"])
def test_a_frame_of_another_kind_is_unknown(tmp_path, system):
    path = lamost_files.write(tmp_path / "a.fits", data=with_line(GRID), SPECSYS=system)
    assert read_spectrum(path).frame == "unknown"
    assert list(rv_flag([10.0, 10.0], ["2015-01-01"] * 2, "2012-01-14", ["unknown", "heliocentric"])) == [0, 1]


@pytest.mark.real
def test_helio_rv_is_minus_the_correction_that_is_added_to_velocities(real):
    from astropy.coordinates import EarthLocation, SkyCoord
    from astropy.time import Time
    from astropy.utils import iers

    xinglong = EarthLocation.from_geodetic(117.575, 40.393, 960)
    rows = [read_header(path) for path in sorted((real / "lamost").glob("**/*.fits*"))]
    rows = {(row["lmjd"], row["spid"]): row for row in rows if np.isfinite(row["helio_rv"])}.values()
    ra, dec, told = (np.array([row[name] for row in rows]) for name in ("ra", "dec", "helio_rv"))
    times = Time([row["date_obs"][:19] for row in rows], scale="utc")
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("iers_degraded_accuracy", "ignore"):
        places = SkyCoord(ra, dec, unit="deg")
        added = places.radial_velocity_correction("heliocentric", obstime=times, location=xinglong).to_value("km/s")
    assert len(told) > 20 and np.abs(told).max() > 25
    # DATE-OBS is within an hour of the middle of the exposures: the turning of the Earth makes 0.1 km/s of it
    assert (np.abs(told + added) < 0.5).mean() > 0.95  # the times of some headers are another night's
    assert np.abs(np.median(told + added)) < 0.1


def unusable_flux():
    good, n = lamost_files.arrays(), N_PIXEL
    one = np.zeros(n, np.float32)
    one[1234] = 1
    return {
        "all zero or not finite": good | {"flux": np.zeros(n, np.float32)},
        "not finite": good | {"flux": np.full(n, np.nan, np.float32)},
        "constant": good | {"flux": np.full(n, 7.3, np.float32)},
        "negative": good | {"flux": -good["flux"]},
        "flux: negative": good | {"flux": np.where(np.arange(n) % 5, -good["flux"], good["flux"])},
        "usable flux: constant": good | {"flux": one * 100},
        "fewer than 300 good pixels": good | {"ormask": (np.arange(n) > 250).astype(np.float32)},
        "flux: fewer than 300 good pixels": good | {"ivar": (np.arange(n) % 20 == 0).astype(np.float32)},
        "no usable flux: constant": good | {"ivar": one},
        "3 pixels": {name: row[:3] for name, row in good.items()},
        "1 pixel": {name: row[:1] for name, row in good.items()},
        "250 pixels": {name: row[:250] for name, row in good.items()},
        "all pixels masked": good | {"ormask": np.full(n, 32, np.float32)},
    }


@pytest.mark.parametrize("why", unusable_flux())
@pytest.mark.parametrize("layout", ["image", "coadd"])
def test_a_spectrum_without_usable_flux_is_a_rejected_row(tmp_path, why, layout):
    lamost_files.write(tmp_path / "bad.fits.gz", layout, unusable_flux()[why], FIBERID=2)
    lamost_files.write(tmp_path / "good.fits.gz", layout)
    spectra, _, rejected = ingest_batch(plan_files(str(tmp_path)).rows())
    assert len(spectra) == 1 and list(rejected["filename"]) == ["bad.fits.gz"]
    assert why in rejected["reason"][0]


@pytest.mark.parametrize("level", [0.0, 55.0])
@pytest.mark.parametrize("red", [True, False])
def test_an_arm_of_one_flux_is_without_data(tmp_path, level, red):
    data = lamost_files.arrays()
    arm = (data["wavelength"] > 5900) == red
    lamost_files.write(tmp_path / "a.fits.gz", data=data | {"flux": np.where(arm, np.float32(level), data["flux"])})
    spectra, header, _ = ingest_batch(plan_files(str(tmp_path)).rows())
    assert list(header["missing_arm"]) == ["red" if red else "blue"]
    assert (spectra.ivar[0, arm] == 0).all() and (spectra.ivar[0, ~arm] > 0).all()


def test_short_stretches_of_one_flux_stay(tmp_path):
    data = lamost_files.arrays()
    flux = data["flux"].copy()
    flux[1000:1034] = flux[1000]  # as in real files
    lamost_files.write(tmp_path / "a.fits.gz", data=data | {"flux": flux})
    spectra, _, _ = ingest_batch(plan_files(str(tmp_path)).rows())
    assert (spectra.ivar[0] > 0).all()


def changed(path, old, new):
    """The uncompressed file with one card changed."""
    raw = path.read_bytes()
    assert raw.count(old) >= 1 and len(old) == len(new)
    path.write_bytes(raw.replace(old, new, 1))
    return path


def card(name, value):
    return f"{name:8s}= {value!s:>20s}".encode()


HUGE = {
    "NAXIS1": ("image", "NAXIS1", 3909, 2**40),
    "NAXIS1 beyond 64 bits": ("image", "NAXIS1", 3909, 10**19),
    "NAXIS1 negative": ("image", "NAXIS1", 3909, -3909),
    "NAXIS1 true": ("image", "NAXIS1", 3909, "T"),
    "NAXIS": ("image", "NAXIS", 2, 999),
    "BITPIX": ("image", "BITPIX", -32, 7),
    "TFIELDS": ("coadd", "TFIELDS", 6, 999_999_999),
    "table NAXIS2": ("coadd", "NAXIS2", 1, 10**12),
    "TFORM": ("coadd", "TFORM1", "'3909E   '", "'999999E '"),
}


@pytest.mark.parametrize("what", HUGE)
def test_sizes_that_cannot_be_are_refused_at_once(tmp_path, what):
    layout, name, old, new = HUGE[what]
    path = lamost_files.write(tmp_path / "a.fits", layout, compress=False)
    if name == "TFORM1":
        changed(path, f"TFORM1  = {old}".encode(), f"TFORM1  = {new}".encode())
    else:
        changed(path, card(name, old), card(name, new))
    tracemalloc.start()
    with pytest.raises(UnusableSpectrum):
        read_spectrum(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


def test_a_header_without_an_end_and_a_file_too_large_are_refused(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"SIMPLE  =                    T".ljust(80) + b"COMMENT ".ljust(80) * 100_000)
    assert "no END" in reason_of(tmp_path / "a.fits")
    with open(tmp_path / "b.fits", "wb") as file:
        file.truncate(2**31)
    assert "larger than 64 MB" in reason_of(tmp_path / "b.fits")


def test_compressed_images_and_images_in_an_extension_are_read(tmp_path):
    plain = read_spectrum(lamost_files.write(tmp_path / "a.fits", compress=False))
    with fits.open(tmp_path / "a.fits") as hdus:
        data, header = hdus[0].data, hdus[0].header
        whole = fits.CompImageHDU(data, header, compression_type="GZIP_1", quantize_level=0)
        fits.HDUList([fits.PrimaryHDU(), whole]).writeto(tmp_path / "b.fits.fz")
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(data, header)]).writeto(tmp_path / "c.fits")
        rice = fits.CompImageHDU(data, header, compression_type="RICE_1", tile_shape=(1, 3909), quantize_level=16)
        fits.HDUList([fits.PrimaryHDU(), rice]).writeto(tmp_path / "d.fits.fz")
    for name in ("b.fits.fz", "c.fits"):
        found = read_spectrum(tmp_path / name)
        np.testing.assert_array_equal(found.flux, plain.flux)
        assert found.values == {**plain.values, "filename": name} == read_header(tmp_path / name)
    np.testing.assert_allclose(read_spectrum(tmp_path / "d.fits.fz").flux, plain.flux, atol=1)


def test_a_compressed_image_that_unpacks_to_gigabytes_is_refused(tmp_path):
    image = fits.CompImageHDU(np.zeros((5, 3909), np.float32), lamost_files.header(), compression_type="GZIP_1")
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(tmp_path / "a.fits.fz")
    changed(tmp_path / "a.fits.fz", card("ZNAXIS1", 3909), card("ZNAXIS1", 10**9))
    assert "sizes of a compressed image" in reason_of(tmp_path / "a.fits.fz")
