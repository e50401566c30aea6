"""What the program reads and gives; and the program itself, where its packages and a Fortran compiler can be had."""

import shutil

import numpy as np
import pytest

from mstars.core.errors import InputError
from mstars.templates.synthesis import program as module
from mstars.templates.synthesis.atmospheres import COLUMNS, read_atmospheres
from mstars.templates.synthesis.program import Star, atmosphere_file, build_program, compute_spectrum, program_input

STAR = Star(3600, 5.0, -0.5, 0.4, 1.0)
ATMOSPHERE = {name: np.full(3, 10.0**number) for number, name in enumerate(COLUMNS)}


def test_the_atmosphere_is_told_in_kurucz_s_form():
    lines = atmosphere_file(ATMOSPHERE, STAR).splitlines()
    assert lines[0] == "'KURUCZ' 3 5000. 5.00 0 0." and len(lines) == 4
    assert [float(value) for value in lines[1].split()] == [1, 10, 100, 1e3, 1e4, 1e5, 1e5]


def test_the_input_names_the_star_and_the_lists():
    first, second = (program_input(STAR, (7000, 7100), name) for name in module.PROGRAMS)
    for said in (first, second):
        assert "'METALLICITY:' '-0.500'" in said and "'ALPHA/Fe   :' '0.400'" in said and "'7100.0'" in said
    assert first.endswith("'XIFIX:' 'T'\n1.00\n") and "star.model" in first
    assert "'NFILES   :' '4'\nDATA/Hlinedata\natoms.list\ntio.list\nfeh.list\n" in second


def test_titanium_48_has_its_share_by_its_neighbours():
    shares = module.TITANIUM
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3) and shares[48] == 0
    assert shares[47] + shares[49] == pytest.approx(0.0744 + 0.7372 + 0.0541, abs=1e-3)
    said = program_input(STAR, (7000, 7100), "bsyn_lu")
    assert "'ISOTOPES : ' '5'\n22.046 0.0825\n22.047 0.443\n22.048 0.0\n" in said


def test_a_missing_compiler_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda name: None if name == "gfortran" else "/usr/bin/" + name)
    with pytest.raises(InputError, match="^gfortran not found: a computed theory grid needs GNU Fortran"):
        build_program(tmp_path / "program")


@pytest.mark.parametrize(
    ("babsma", "bsyn", "said"),
    [
        ("echo no atmosphere >&2; exit 1", "true", "babsma_lu gave nothing for Star.*no atmosphere"),
        ("echo x > star.opacity", "echo no lines", "bsyn_lu gave nothing for Star.*no lines"),
        ("echo x > star.opacity", "echo '7000.0 1.0 NaN' > star.spectrum", "no number"),
    ],
)
def test_a_program_that_fails_is_told(tmp_path, babsma, bsyn, said):
    for name, script in zip(module.PROGRAMS, (babsma, bsyn), strict=True):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(InputError, match=said):
        compute_spectrum(tmp_path, ATMOSPHERE, STAR, (7000, 7001))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    if shutil.which("gfortran") is None:
        pytest.skip("gfortran is not installed")
    folder = tmp_path_factory.mktemp("synthesis") / "program"
    try:
        build_program(folder)
    except InputError as error:
        if "could not download" in str(error):
            pytest.skip(f"the packages of the program can't be had: {error}")
        raise
    return folder


@pytest.mark.slow
def test_the_program_computes_a_band_of_titanium_oxide(built):
    atmospheres = read_atmospheres(built / "atmospheres.pkl")
    depth = {}
    for teff in (3200, 3900):
        star = Star(teff, 5.0, 0.0, 0.0, 1.0)
        atmosphere = atmospheres(teff=teff, logg=5.0, m_h=0.0, alpha_m=0.0)
        wavelength, flux = compute_spectrum(built, atmosphere, star, (7030.0, 7070.0))
        depth[teff] = 1 - np.median(flux[wavelength > 7056]) / np.median(flux[wavelength < 7050])
        assert len(wavelength) == 201 and (flux > 0).all()
        # the flux of the surface is near that of a black body of Teff
        black = 2 * np.pi * 6.626e-27 * 2.998e10**2 / 7.04e-5**5 / np.expm1(1.4388 / (7.04e-5 * teff)) * 1e-8
        assert 0.3 < np.median(flux[wavelength < 7050]) / black < 3
    assert depth[3200] > 2 * depth[3900] > 0.1  # the band head at 7054 A


@pytest.mark.slow
@pytest.mark.real
def test_bands_are_as_deep_as_in_another_computation(built, real):
    with np.load(real / "synthetic" / "grid_r1800.npz") as file:
        row = int(np.flatnonzero((file["teff_logg_mh"] == [3600, 5, 0]).all(axis=1))[0])
        theirs = file["wave_air"], file["flux"][row]
    atmosphere = read_atmospheres(built / "atmospheres.pkl")(teff=3600, logg=5.0, m_h=0.0, alpha_m=0.0)
    ours = compute_spectrum(built, atmosphere, Star(3600, 5.0, 0.0, 0.0, 1.0), (7035.0, 7145.0))

    def tio5(wavelength, flux):
        inside, beside = ((wavelength >= low) & (wavelength <= high) for low, high in ((7126, 7135), (7042, 7046)))
        return flux[inside].mean() / flux[beside].mean()

    assert tio5(*ours) == pytest.approx(tio5(*theirs), abs=0.03)
