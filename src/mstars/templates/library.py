"""The template library: its grid, its file, and how to choose from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.whole import atomic_path
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0
from mstars.templates.emulator import Emulator

_FIRST, _LAST = -241, 4002
LIBRARY_GRID = 10.0 ** (LOGLAM0 + DLOGLAM * np.arange(_FIRST, _LAST))
"""Vacuum wavelengths, angstrom: LAMOST's log10 grid, extended to 3500-9300 A."""

FORMAT_VERSION = 1
COLUMNS = (
    "name",
    "source",
    "kind",
    "spectral_class",
    "subclass",
    "luminosity",
    "teff",
    "logg",
    "m_h",
    "resolution",
    "rest_offset",
    "licence",
)


@dataclass
class TemplateLibrary:
    """Templates on one grid.

    Attributes
    ----------
    wavelength : ndarray of float64, [pixel]
        Vacuum angstrom, rest frame, steps of 1e-4 in log10.
    flux : ndarray of float32, [n, pixel]
        Flux per angstrom, median 1; NaN where a template does not reach.
    table : pandas.DataFrame
        n rows: name, source, kind (dM, gM, sdM, else the spectral class), spectral_class (O B A F G K M S WD QSO
        GALAXY CARBON), subclass, luminosity (dwarf, giant, subdwarf or empty), teff (K), logg, m_h, resolution
        (lambda/FWHM), rest_offset (km/s that were taken out), licence.
    """

    wavelength: np.ndarray
    flux: np.ndarray
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def select(self, index) -> TemplateLibrary:
        """Some of the templates.

        Parameters
        ----------
        index : ndarray of int, or ndarray of bool, [n]

        Returns
        -------
        TemplateLibrary
        """
        index = np.asarray(index)
        rows = np.flatnonzero(index) if index.dtype == bool else index
        return TemplateLibrary(self.wavelength, self.flux[rows], self.table.iloc[rows].reset_index(drop=True))


def save_library(library: TemplateLibrary, path: str | Path, emulator: Emulator | None = None, notes=None) -> None:
    """Write a library (HDF5), atomically and with the same bytes for the same content.

    Parameters
    ----------
    library : TemplateLibrary
    path : str or Path
    emulator : Emulator, optional
    notes : dict, optional
        JSON types, kept in the file.
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.attrs["mstars_templates"] = FORMAT_VERSION
        file.attrs["notes"] = json.dumps(notes or {})
        file.create_dataset("wavelength", data=library.wavelength)
        file.create_dataset(
            "flux",
            data=library.flux.astype(np.float32),
            chunks=(1, library.flux.shape[1]),
            compression="lzf",
            shuffle=True,
        )
        filled = library.table[list(COLUMNS)].astype(object).where(library.table[list(COLUMNS)].notna(), None)
        table = {name: filled[name].tolist() for name in COLUMNS}
        file.create_dataset("table", data=np.frombuffer(json.dumps(table).encode(), np.uint8))
        if emulator is not None:
            group = file.create_group("emulator")
            group.attrs["labels"] = json.dumps(emulator.labels)
            group.create_dataset("lower", data=emulator.lower)
            group.create_dataset("upper", data=emulator.upper)
            for number, (weight, bias) in enumerate(zip(emulator.weights, emulator.biases, strict=True)):
                group.create_dataset(f"weight{number}", data=weight)
                group.create_dataset(f"bias{number}", data=bias)


def _open(path: str | Path) -> h5py.File:
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError:
        raise InputError(f"{path}: no template library; run `snakemake {path}` or set templates.library") from None
    except OSError as error:
        raise InputError(f"{path}: not a readable template library ({error}); delete it and run again") from None
    if file.attrs.get("mstars_templates") != FORMAT_VERSION:
        file.close()
        raise InputError(f"{path}: not a template library of this version; delete it and run again")
    return file


def load_library(
    path: str | Path, *, sources: Sequence[str] | None = None, kinds: Sequence[str] | None = None
) -> TemplateLibrary:
    """Read the template library.

    Parameters
    ----------
    path : str or Path
        ``templates.library`` of the config.
    sources : sequence of str, optional
        Only templates of these sources (``templates.match_sources``, say).
    kinds : sequence of str, optional
        Only templates of these kinds: dM, gM, sdM, or a spectral class.

    Returns
    -------
    TemplateLibrary

    Raises
    ------
    InputError
        When a source or a kind isn't in the library, or nothing is left.
    """
    with _open(path) as file:
        table = pd.DataFrame(json.loads(file["table"][:].tobytes()), columns=list(COLUMNS))
        for column in ("teff", "logg", "m_h", "resolution", "rest_offset"):
            table[column] = table[column].astype(float)
        keep = np.ones(len(table), bool)
        for column, chosen in (("source", sources), ("kind", kinds)):
            if chosen is None:
                continue
            unknown = sorted(set(chosen) - set(table[column]))
            if unknown:
                known = ", ".join(sorted(set(table[column])))
                raise InputError(f"{path}: no template of {column} {', '.join(unknown)}; the library has {known}")
            keep &= table[column].isin(list(chosen)).to_numpy()
        if not keep.any():
            raise InputError(f"{path}: no template of sources {sources} is of kind {kinds}")
        rows = np.flatnonzero(keep)
        flux = file["flux"][:][rows]
        return TemplateLibrary(file["wavelength"][:], flux, table.iloc[rows].reset_index(drop=True))


def load_emulator(path: str | Path) -> Emulator:
    """The emulator of giants that a library carries.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Emulator

    Raises
    ------
    InputError
        When the library carries none.
    """
    with _open(path) as file:
        if "emulator" not in file:
            raise InputError(f"{path}: the library carries no emulator; build it from the published packages")
        group = file["emulator"]
        count = sum(name.startswith("weight") for name in group)
        return Emulator(
            tuple(json.loads(group.attrs["labels"])),
            group["lower"][:],
            group["upper"][:],
            [group[f"weight{n}"][:] for n in range(count)],
            [group[f"bias{n}"][:] for n in range(count)],
        )
