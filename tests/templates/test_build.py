"""Templates: what is refused, vacuum, the grid, packages that are not what they should be."""

import zipfile

import numpy as np
import pytest
from astropy.io import fits

from mstars.core.errors import InputError
from mstars.spectra.wavelengths import DLOGLAM, lamost_wavelength
from mstars.templates.build import build_library, to_grid, velocity_offset
from mstars.templates.emulator import Emulator
from mstars.templates.formats import check_template, read_folder, read_template
from mstars.templates.library import LIBRARY_GRID, load_library
from mstars.templates.packages import Package, extract_package, fetch_packages
from mstars.templates.published import type_temperature

WAVE = np.arange(3700.0, 9200.0, 1.0)


def spectrum(line=6562.80, depth=0.6):
    return WAVE / 6000.0 * (1 - depth * np.exp(-0.5 * ((WAVE - line) / 3.0) ** 2))


def test_grid_is_lamosts():
    offset = np.log10(LIBRARY_GRID[0] / lamost_wavelength()[0]) / DLOGLAM
    assert abs(offset - round(offset)) < 1e-6
    assert LIBRARY_GRID[0] <= 3500.5 and LIBRARY_GRID[-1] >= 9295


def test_flux_is_conserved_on_the_grid():
    fine = np.arange(3600.0, 9300.0, 0.07)
    flux = 1 + 5 * np.exp(-0.5 * ((fine - 7000) / 0.4) ** 2)
    mean = to_grid(fine, flux)
    inside = (LIBRARY_GRID > 6950) & (LIBRARY_GRID < 7050)
    area = ((mean[inside] - 1) * np.diff(LIBRARY_GRID).mean()).sum()
    step = np.gradient(LIBRARY_GRID)[inside]
    assert ((mean[inside] - 1) * step).sum() == pytest.approx(5 * 0.4 * np.sqrt(2 * np.pi), rel=1e-3), area
    assert np.isnan(mean[LIBRARY_GRID < 3599]).all()


def text_file(path, wave, flux):
    np.savetxt(path, np.column_stack([wave, flux]), header="wave flux")
    return path


def test_air_is_made_vacuum_once(tmp_path):
    """H alpha of an air template lies at 6564.6 A in the library, and a vacuum one is left alone."""
    text_file(tmp_path / "air.txt", WAVE, spectrum(6562.80))
    text_file(tmp_path / "vacuum.txt", WAVE, spectrum(6564.61))
    extra = [
        {"source": "a", "path": str(tmp_path / "air.txt"), "medium": "air", "subclass": "M2"},
        {"source": "v", "path": str(tmp_path / "vacuum.txt"), "medium": "vacuum", "subclass": "M2"},
    ]
    build_library(None, tmp_path / "library.h5", extra)
    library = load_library(tmp_path / "library.h5")
    near = (library.wavelength > 6500) & (library.wavelength < 6620)
    for row in library.flux:
        depth = (library.wavelength[near] / 6000) * (row[near][0] / (library.wavelength[near][0] / 6000)) - row[near]
        assert (depth * library.wavelength[near]).sum() / depth.sum() == pytest.approx(6564.61, abs=0.05)
    assert list(library.table["kind"]) == ["dM", "dM"]
    assert library.table["teff"].iloc[0] == 3560
    assert len(load_library(tmp_path / "library.h5", sources=["a"])) == 1
    with pytest.raises(InputError, match="no template of source nothing"):
        load_library(tmp_path / "library.h5", sources=["nothing"])
    with pytest.raises(InputError, match="no template of kind gM"):
        load_library(tmp_path / "library.h5", kinds=["gM"])


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


def test_velocity_offset():
    lines = sum(np.exp(-0.5 * ((LIBRARY_GRID - x) / 2.0) ** 2) for x in (8500.4, 8544.4, 8664.5))
    moved = np.interp(LIBRARY_GRID / (1 + 40 / 299792.458), LIBRARY_GRID, 1 - 0.5 * lines)
    assert velocity_offset(moved, 1 - 0.5 * lines) == pytest.approx(40, abs=2)


def test_a_wrong_package_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.whl", "w") as archive:
        archive.writestr("data/a.txt", "1 2")
    package = Package("p", "1", "p.whl", "0" * 64, "MIT", ("data/*",))
    with pytest.raises(InputError, match="sha256"):
        extract_package(tmp_path / "p.whl", package, tmp_path / "out")
    with pytest.raises(InputError, match="templates.packages"):
        fetch_packages(tmp_path / "out", tmp_path / "nowhere")
    with pytest.raises(InputError, match="expected the wheel of kastredux"):
        fetch_packages(tmp_path / "out", tmp_path)


def test_only_data_is_taken_out(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.whl", "w") as archive:
        for name in ("data/a.txt", "data/code.py", "../data/up.txt", "other/b.txt"):
            archive.writestr(name, "1 2")
    import hashlib

    sha = hashlib.sha256((tmp_path / "p.whl").read_bytes()).hexdigest()
    extract_package(tmp_path / "p.whl", Package("p", "1", "p.whl", sha, "MIT", ("*data/*",)), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == ["a.txt"]
    assert not (tmp_path / "data").exists()


def test_emulator_refuses_what_it_was_not_trained_on():
    labels = ("teff", "logg", "mh", "om", "mgm", "sim", "cam", "tim")
    lower = np.array([3500.0, 0.0, -2.5, *[-0.6] * 5])
    upper = np.array([4200.0, 3.5, 0.5, *[0.6] * 5])
    emulator = Emulator(labels, lower, upper, [np.ones((3, 8), "f4")], [np.zeros(3, "f4")])
    assert emulator([3600, 3700], 1.0, 0.0).shape == (2, 3)
    with pytest.raises(InputError, match="teff = 3300 is outside 3500 to 4200"):
        emulator(3300, 1.0, 0.0)


def test_type_temperature():
    assert type_temperature("M3.5") == 3320
    assert type_temperature("M0", "giant") == 3895
    assert np.isnan(type_temperature("carbon"))


@pytest.mark.real
def test_sdss_eigen_stars(real):
    """123 stars a file; those that are refused say why."""
    path = real / "templates" / "idlspec2d" / "spEigenStar-55734.fits.gz"
    templates = read_template(path, "vacuum")
    names = [template.name for template in templates]
    assert len(names) == 123 and any(name.startswith("M0III") for name in names)
