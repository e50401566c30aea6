"""A bank of templates as a file: made once for a survey, so that the job of each batch starts with it ready.

The file holds what takes long to make and is small: the templates at rest with each other, and the reduced space in
which the scan ranks them. The bases are made anew: they take a sixth of a second and 100 MB.
"""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

from mstars.core.config.template_matching import MatchOptions
from mstars.core.errors import DamagedFile, InputError
from mstars.files.whole import atomic_path
from mstars.spectra.wavelengths import lamost_wavelength
from mstars.velocity.match.bank import TemplateBank
from mstars.velocity.match.scan import make_ready

FORMAT_VERSION = 1

_TEXT = ("name", "spectral_class", "subclass", "luminosity")
_ARRAYS = ("coefficient", "velocity")
_VALUES = ("loglam0", "window", "scaling", "reach")


def write_bank(bank: TemplateBank, options: MatchOptions, path: str | Path, threads: int = 1) -> None:
    """Write a bank with the reduced space for spectra on the common grid, where ``options`` need one.

    Parameters
    ----------
    bank : TemplateBank
    options : MatchOptions
        Those that it will be used with.
    path : str or Path
        An HDF5 file.
    threads : int
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.attrs["mstars_bank"] = FORMAT_VERSION
        for name, own in (("bank", bank), ("wide", bank.wide)):
            if own is not None:
                if options.recipe == "default":
                    make_ready(own, lamost_wavelength(), options.method, threads)
                _write_one(file.create_group(name), own)


def _write_one(group: h5py.Group, bank: TemplateBank) -> None:
    about = {name: getattr(bank, name).tolist() for name in _TEXT} | {name: getattr(bank, name) for name in _VALUES}
    group.create_dataset("about", data=np.frombuffer(json.dumps(about).encode(), np.uint8))
    for name in _ARRAYS:
        group.create_dataset(name, data=getattr(bank, name))
    if reduced := bank.kept("reduced", lamost_wavelength()):
        for name, array in zip(("directions", "reduced"), reduced, strict=True):
            group.create_dataset(name, data=array)


def read_bank(path: str | Path) -> TemplateBank:
    """The bank that `write_bank` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    TemplateBank
        The same bits as the bank that was written.

    Raises
    ------
    InputError
        No such file, or one of another version.
    DamagedFile
        It can't be read.
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("mstars_bank") != FORMAT_VERSION:
                raise InputError(f"{path}: not a bank of templates of this version; delete it and run again")
            bank = _read_one(file["bank"])
            bank.wide = _read_one(file["wide"]) if "wide" in file else None
            return bank
    except FileNotFoundError:
        raise InputError(f"{path}: no such bank of templates; run the rule that makes it") from None
    except (OSError, KeyError, ValueError) as error:
        raise DamagedFile(path, f"not a readable bank of templates: {error}") from None


def _read_one(group: h5py.Group) -> TemplateBank:
    about = json.loads(group["about"][:].tobytes())
    about |= {name: np.array(about[name], dtype=str) for name in _TEXT} | {"window": tuple(about["window"])}
    bank = TemplateBank(**about, **{name: group[name][:] for name in _ARRAYS})
    if "reduced" in group:
        reduced = tuple(group[name][:] for name in ("directions", "reduced"))
        bank.made_once("reduced", lamost_wavelength(), lambda: reduced)
    return bank
