"""Lists of molecular lines in the form of Turbospectrum, from those of linemake (Placco et al. 2021) in MOOG's form."""

from __future__ import annotations

import gzip
from pathlib import Path

from mstars.core.errors import InputError
from mstars.files.whole import atomic_path

WAVELENGTHS = (5980.0, 9020.0)
"""Angstrom in air: what the lists reach, over a spectrum's wavelengths."""


def species_code(code: str) -> str:
    """Turbospectrum's name of a molecule and its isotopes, from MOOG's.

    Parameters
    ----------
    code : str
        The two atoms' numbers, a point, and the masses of the isotopes after a zero: 822.01648 is TiO of 16-O and
        48-Ti, 126.0 is FeH of any isotopes.

    Returns
    -------
    str
        822.016048, 126.000000.

    Raises
    ------
    InputError
    """
    atoms, _, masses = code.partition(".")
    if atoms.isdigit() and masses == "0":
        return f"{atoms}.000000"
    if atoms.isdigit() and masses.isdigit() and len(masses) == 5 and masses[0] == "0":
        return f"{atoms}.{int(masses[1:3]):03d}{int(masses[3:]):03d}"
    raise InputError(f"{code}: not a molecule of a line list: atoms, a point, 0 or a zero and two masses")


def convert_lines(source: str | Path, target: str | Path, name: str, limits=WAVELENGTHS) -> int:
    """Write the lines of a molecule for Turbospectrum.

    Parameters
    ----------
    source : path
        Text, gzip: wavelength (angstrom, air), code, excitation (eV), log gf, and what is not needed.
    target : path
    name : str
        Of the molecule, as Turbospectrum knows it: TiO.
    limits : (float, float)
        Angstrom.

    Returns
    -------
    int
        How many lines.

    Raises
    ------
    InputError
        A line that is none, or no lines within the limits.
    """
    found: dict[str, list[str]] = {}
    with gzip.open(source, "rt") as handle:
        for number, line in enumerate(handle, 1):
            try:
                wavelength, code, excitation, strength = line.split()[:4]
                if limits[0] <= float(wavelength) <= limits[1]:
                    text = f"{float(wavelength):10.3f} {float(excitation):6.3f} {float(strength):7.3f}"
                    found.setdefault(species_code(code), []).append(text)
            except ValueError:
                raise InputError(f"{source}: line {number} is not a spectral line: {line.strip()[:60]!r}") from None
    if not found:
        raise InputError(f"{source}: no lines between {limits[0]:.0f} and {limits[1]:.0f} A")
    with atomic_path(target) as temporary, open(temporary, "w") as out:
        for code, lines in found.items():
            out.write(f"'{code:<20}'    1  {len(lines)}\n'{name}'\n")
            # no broadening by collisions or of the level is known: the program takes its own
            out.writelines(f"{line} 0.0 1.0 0.0 'x' 'x' 0.0 1.0 ''\n" for line in lines)
    return sum(map(len, found.values()))
