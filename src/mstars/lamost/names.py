"""How LAMOST names spectra, plates and files, and what a spectrum is called here (`spectrum_key`)."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES

_SPECTRUM_FILE = re.compile(r"spec-(\d{5})-(.+)_sp(\d{1,2})-(\d{1,3})(?=[._]|$)", re.ASCII)
_NOT_IN_A_BATCH_NAME = re.compile(r"[^A-Za-z0-9_.+-]")
_PLAN = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,63}")
_PACKED = r"(?:\.(?:gz|bz2|xz|fz|z|zst|lz4|zip|7z|rar|part|partial|tmp|crdownload|aria2|filepart))*"
SPECTRUM_NAME = re.compile(rf"(?:\.(?:fits?|fts)|(?:^|_)spec-\d{{5}}-.+_sp\d+-\d+){_PACKED}$", re.IGNORECASE)
"""Names of files that may hold a spectrum: ``*.fits`` or ``spec-...``, whatever compression follows."""


class Identity(NamedTuple):
    """The four numbers that name a LAMOST spectrum: local day, plan, spectrograph, fibre."""

    lmjd: int
    planid: str
    spid: int
    fiberid: int

    @property
    def spectrum_key(self) -> str:
        """``{lmjd}-{planid}-sp{spid:02d}-{fiberid:03d}``."""
        return f"{self.lmjd}-{self.planid}-sp{self.spid:02d}-{self.fiberid:03d}"

    @property
    def plate(self) -> str:
        """``{lmjd}-{planid}``."""
        return f"{self.lmjd}-{self.planid}"

    @property
    def stem(self) -> str:
        """File name in a release, without suffix: ``spec-{lmjd}-{planid}_sp{spid:02d}-{fiberid:03d}``."""
        return f"spec-{self.lmjd}-{self.planid}_sp{self.spid:02d}-{self.fiberid:03d}"


def is_identity(lmjd: int | None, planid: str, spid: int | None, fiberid: int | None) -> bool:
    """Whether these name a spectrum: numbers in LAMOST's ranges, a plan of letters, digits and ``_ . + -``.

    Missing values, as -9999 or 0 for a fibre, name none: two stars would share one key.
    """
    if lmjd is None or spid is None or fiberid is None:
        return False
    return 10_000 <= lmjd <= 99_999 and 1 <= spid <= 99 and 1 <= fiberid <= 999 and bool(_PLAN.fullmatch(planid))


def identity_of_name(path: str) -> Identity | None:
    """Identity that a file name tells (anything may stand before ``spec-``), or None, as for ``{obsid}.fits``."""
    found = _SPECTRUM_FILE.search(PurePath(path).name)
    if not found:
        return None
    identity = Identity(int(found[1]), found[2], int(found[3]), int(found[4]))
    return identity if is_identity(*identity) else None


def stem_of(name: str) -> str:
    """A file's name without ``.fits`` and what follows it."""
    found = SPECTRUM_NAME.search(name)
    return re.split(r"\.(?:fits?|fts)(?:\.|$)", name, maxsplit=1, flags=re.IGNORECASE)[0] if found else name


def batch_name(plate: str) -> str:
    """A plate's name with only characters that are safe in a file name and in the workflow's wildcard."""
    return _NOT_IN_A_BATCH_NAME.sub("_", plate)


def pipeline_version(text: str) -> tuple[int, ...]:
    """Numbers of a pipeline version for comparison: ``'v2.9.8'`` gives (2, 9, 8); nothing readable gives ()."""
    return tuple(int(part) for part in re.findall(r"\d+", str(text)))


def luminosity_class(subclass: pd.Series) -> np.ndarray:
    """LAMOST's dwarf/giant class of M subclasses: ``'dM'``, ``'gM'`` or ``''``, str [n].

    ``dM5`` and ``sdM2`` are dwarfs (the paper's dM are dM and sdM together), ``gM3`` a giant. Up to DR8 the file
    headers read ``M5``, and other types tell nothing about M: those give ``''``.
    """
    text = subclass.fillna("").astype(str).str.strip()
    dwarf = text.str.match(r"(sd|esd|usd|d)M", case=False)
    giant = text.str.match(r"gM", case=False)
    return np.select([dwarf, giant], LUMINOSITY_CLASSES, "")
