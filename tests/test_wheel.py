"""The library as others install it: a wheel in an environment of its own, away from the checkout."""

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import lamost_files
import numpy as np
import pytest
from made_stars import REST, TEMPLATES, observe
from places import ROOT

RESOURCES = sorted(path.relative_to(ROOT / "resources") for path in (ROOT / "resources").rglob("*") if path.is_file())

MEASURE = """
import json
import numpy as np
import mstars
from mstars.core.resources import ROOT
from mstars.lamost.grid import place_on_grid
from mstars.lamost.reader import read_spectrum
from mstars.spectra.band_indices import band_indices
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength
from mstars.velocity.lines.measure import dsal
from mstars.velocity.match.make_bank import make_bank
from mstars.velocity.match.default_recipe import match_templates

wavelength = lamost_wavelength()
flux, ivar = np.zeros((2, 1, wavelength.size), "f4")
ormask = np.zeros((1, wavelength.size), "u1")
place_on_grid(read_spectrum("star.fits.gz"), flux[0], ivar[0], ormask[0])
spectra = SpectrumSet(flux, ivar, ormask, wavelength, np.array(["star"]))
templates = np.load("templates.npz")
names = [f"t{i}" for i in range(len(templates["flux"]))]
bank = make_bank(templates["wavelength"], templates["flux"], names, spectral_class=["M"] * len(names))
found = match_templates(spectra, bank).iloc[0]
lines = dsal(spectra).iloc[0]
tio5 = band_indices(spectra, np.array([found["rv_tm"]]))["tio5"].iloc[0]
print(json.dumps({"from": mstars.__file__, "resources": str(ROOT), "rv_tm": float(found["rv_tm"]),
                  "rv_lines": float(lines["rv_dsal1"]), "tio5": float(tio5)}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without network from a copy that holds nothing of earlier builds."""
    place = tmp_path_factory.mktemp("wheel")
    for folder in ("src", "resources"):
        unwanted = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / folder, place / folder, symlinks=True, ignore=unwanted)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, place)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place / "dist", place)
    return next((place / "dist").glob("mstars-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Python of a new environment with the wheel; everything else it needs is that of the tests' own environment."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False)
    pip("--python", place / "bin/python", "install", "--no-deps", wheel)
    packages = next(place.glob("lib/python*/site-packages"))
    (packages / "the_rest.pth").write_text("\n".join(site.getsitepackages()))  # without its own .pth files
    return place / "bin/python"


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_spectrum_is_measured_away_from_the_checkout(installed, tmp_path):
    spectra, rv, _ = observe(1, seed=3, masks=False)
    arrays = {"flux": spectra.flux[0], "ivar": spectra.ivar[0], "ormask": spectra.ormask[0].astype(np.float32)}
    lamost_files.write(tmp_path / "star.fits.gz", data=arrays | {"wavelength": spectra.wavelength.astype(np.float32)})
    np.savez(tmp_path / "templates.npz", wavelength=REST, flux=TEMPLATES)
    command = [installed, "-I", "-c", MEASURE]
    plain = {**os.environ, "NUMBA_DISABLE_JIT": "1"}  # to compile everything anew takes longer than one spectrum
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=tmp_path, env=plain)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    environment = installed.parents[1]
    assert Path(found["from"]).is_relative_to(environment) and Path(found["resources"]).is_relative_to(environment)
    assert abs(found["rv_tm"] - rv[0]) < 5 and abs(found["rv_lines"] - rv[0]) < 15
    assert 0.2 < found["tio5"] < 1.0


def test_the_tables_and_the_pages_files_come_with_the_wheel(installed):
    packages = next(installed.parents[1].glob("lib/python*/site-packages"))
    for name in RESOURCES:
        assert (packages / "mstars/data" / name).read_bytes() == (ROOT / "resources" / name).read_bytes()
    pages = ROOT / "src/mstars_desk/static"
    assert {path.name for path in pages.iterdir()} == {
        path.name for path in (packages / "mstars_desk/static").iterdir()
    }


def test_the_command_is_there(installed, tmp_path):
    program = installed.with_name("mstars")
    done = subprocess.run([program, "diff", tmp_path, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and str(tmp_path) in done.stderr and "Traceback" not in done.stderr


def test_the_config_needs_no_checkout(installed, tmp_path):
    (tmp_path / "mine.yaml").write_text("spmm: {folds: 4}")
    command = [installed.with_name("mstars"), "config", "--key", "spmm.folds", "mine.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0 and "folds: 4" in done.stdout and "mine.yaml" in done.stdout, done.stderr
    (tmp_path / "mine.yaml").write_text("spmm: {fold: 4}")
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1 and "mine.yaml: spmm.fold: no such key; did you mean folds?" in done.stderr
    done = subprocess.run([command[0], "config", "--schema"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert json.loads(done.stdout)["properties"]["spmm"]["properties"]["folds"]["maximum"] == 100
