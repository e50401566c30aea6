"""What a parameter engine is, is given and gives back. Imports nothing heavy: the Snakefile reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.parameters.label_set import SurveyRules
from mstars.spectra.container import SpectrumSet
from mstars.spectra.grids import Grid

KINDS = LUMINOSITY_CLASSES
"""Luminosity classes: an engine has one model or one ensemble for each of its own."""

ERRORS = ("spread", "formal", "none")
PARTS = ("folds", "folds+all", "all")
FIRST_OWN_FLAG = 1 << 16


ENGINE_SETS = (EngineFlag.NOT_CONVERGED, EngineFlag.AT_BOUNDARY, EngineFlag.POOR_FIT)
"""Bits that an engine sets itself; the generic loop and the table set the others."""

CLEARING = (
    *(EngineFlag.NO_RV, EngineFlag.SIMULATION_TRAINED, EngineFlag.OTHER_CLASS, EngineFlag.NOT_CONVERGED),
    *(EngineFlag.AT_BOUNDARY, EngineFlag.POOR_FIT, EngineFlag.BELOW_SNR),
)
"""Bits with which parameters are never recommended."""


@dataclass(frozen=True)
class EngineInfo:
    """What the workflow and the tables know of an engine before they load it.

    Attributes
    ----------
    name : str
        Of its folder, its table and its config section: small letters and digits.
    title, reference : str
        For people: the method, and the paper.
    kinds : tuple of str
        Of `KINDS`. A spectrum of another class gets the flag ``other_class`` and no parameters.
    labels : tuple of str
        Which of `mstars.core.labels.LABELS` it measures, in that order.
    scale : str
        Whose numbers the labels are: ``apogee_dr16``, ``starhorse``, ``phoenix``, …
    grid : Grid
        Rest-frame vacuum wavelengths of its inputs, unless its settings change them (`Engine.grid`).
    normalise : {"zscore", "spline", "gaussian", "none"} or another word
        How its inputs are normalised.
    needs_ivar, gives_chi2 : bool
    error : {"spread", "formal", "none"}
        What ``{label}_err`` is: the standard deviation of an ensemble, an error that the fit gives, or nothing.
    parts : {"folds", "folds+all", "all"}
        What is trained: one model a fold, which together predict; that and one model of all stars, which predicts; or
        the latter alone.
    ranges : mapping
        ``{kind: {label: (lower, upper)}}``: where its labels are recommended, limits included.
    version : int
        Of its model folders. Raise it when older ones can't be read any more.
    own_flags : mapping
        Bits from 1 << 16 on with their names.
    own_clearing : tuple of str
        Those of ``own_flags`` with which parameters are never recommended.
    extra_columns : mapping
        Columns of its table beside the common ones, with a description and unit each.
    gpu : bool
        Whether its rules ask for the GPUs of ``resources.gpu``.
    stem : str
        Beginning of its files under training, models and predictions; its name by default.
    own_rules : frozenset of str
        Generic rules that its own rules file replaces, without the ``engine_``: ``training_set``, ``inputs``,
        ``train``, ``out_of_fold``, ``predict``.
    of_engines : bool
        Whether it is made of other engines' tables and sees no spectra.
    """

    name: str
    title: str
    reference: str
    kinds: tuple[str, ...]
    labels: tuple[str, ...]
    scale: str
    grid: Grid
    normalise: str
    needs_ivar: bool
    gives_chi2: bool
    error: str
    parts: str
    ranges: Mapping[str, Mapping[str, tuple[float, float]]]
    version: int = 1
    own_flags: Mapping[str, int] = field(default_factory=dict)
    own_clearing: tuple[str, ...] = ()
    extra_columns: Mapping[str, str] = field(default_factory=dict)
    gpu: bool = False
    stem: str = ""
    own_rules: frozenset[str] = frozenset()
    of_engines: bool = False

    def __post_init__(self):
        object.__setattr__(self, "stem", self.stem or self.name)
        for problem in self._problems():
            raise ValueError(f"engine {self.name}: {problem}")

    def _problems(self):
        if not re.fullmatch(r"[a-z][a-z0-9]*", self.name) or not re.fullmatch(r"[a-z][a-z0-9]*", self.stem):
            yield f"name {self.name!r} and stem {self.stem!r} must be small letters and digits"
        if not self.kinds or tuple(kind for kind in KINDS if kind in self.kinds) != tuple(self.kinds):
            yield f"kinds are {self.kinds}, expected some of {KINDS} in this order"
        if not self.labels or tuple(label for label in LABELS if label in self.labels) != tuple(self.labels):
            yield f"labels are {self.labels}, expected some of {LABELS} in this order"
        if self.error not in ERRORS or self.parts not in PARTS:
            yield f"error {self.error!r} is none of {ERRORS}, or parts {self.parts!r} none of {PARTS}"
        if self.error == "spread" and self.parts != "folds":
            yield "the spread of an ensemble needs parts 'folds'"
        if {kind: set(limits) for kind, limits in self.ranges.items()} != dict.fromkeys(self.kinds, set(self.labels)):
            yield "ranges need each kind and each label"
        bits = list(self.own_flags.values())
        if any(bit < FIRST_OWN_FLAG or bit & (bit - 1) or bit >= 1 << 31 for bit in bits) or len(set(bits)) < len(bits):
            yield f"own_flags {dict(self.own_flags)} must be single bits from 1 << 16 to 1 << 30"
        if not set(self.own_clearing) <= set(self.own_flags):
            yield f"own_clearing {self.own_clearing} are not all in own_flags"

    @property
    def format(self) -> str:
        """What ``format`` of its model.json says."""
        return f"mstars-{self.name}-{self.version}"

    @property
    def is_ensemble(self) -> bool:
        """Whether a prediction is the mean of the folds' models."""
        return self.parts == "folds"

    def flags(self) -> dict[str, int]:
        """Every bit that its table can have, by name."""
        return {flag.key: int(flag) for flag in EngineFlag} | dict(self.own_flags)

    def clearing(self) -> dict[str, int]:
        """Bits with which its parameters are never recommended, by name."""
        common = {flag.key: int(flag) for flag in CLEARING}
        return common | {name: self.own_flags[name] for name in self.own_clearing}

    def part_names(self, folds: Sequence[int] | int) -> list[str]:
        """Folders under ``models/{stem}_{kind}``: ``fold0``, …, ``all``."""
        numbers = range(folds) if isinstance(folds, int) else folds
        of_folds = [f"fold{number}" for number in numbers] if self.parts.startswith("folds") else []
        return of_folds + (["all"] if self.parts.endswith("all") else [])

    def predicting(self, parts: Sequence[str]) -> list[str]:
        """Those of its parts that predict new stars."""
        return list(parts) if self.is_ensemble else [part for part in parts if part == "all"]


@dataclass
class EngineInput:
    """What an engine sees of n spectra, on its own grid and normalised; arrays may be memory-mapped.

    Attributes
    ----------
    flux : ndarray of float32, [n, pixel]
    ivar : ndarray of float32, [n, pixel], or None
        0 where the flux is no measurement; None for an engine that needs none.
    filled : ndarray of float32, [n]
        Share of invented flux.
    """

    flux: np.ndarray
    ivar: np.ndarray | None
    filled: np.ndarray

    def __len__(self) -> int:
        return len(self.flux)

    def take(self, rows) -> EngineInput:
        """Some of the spectra, by numbers, a slice or a mask."""
        return EngineInput(self.flux[rows], None if self.ivar is None else self.ivar[rows], self.filled[rows])


@dataclass
class Estimates:
    """What an engine says of n spectra, for the k labels of its `EngineInfo`.

    Attributes
    ----------
    values, error : ndarray of float64, [n, k]
        K and dex. NaN where there is no number; the error is NaN everywhere for an engine without errors.
    chi2 : ndarray of float64, [n], or None
        Of the fit, per degree of freedom.
    flag : ndarray of int, [n], or None
        Bits of `ENGINE_SETS` and the engine's own.
    extra : dict
        Its extra columns, [n] each.
    """

    values: np.ndarray
    error: np.ndarray
    chi2: np.ndarray | None = None
    flag: np.ndarray | None = None
    extra: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class HeldOut:
    """Predictions for the labelled stars.

    Attributes
    ----------
    own : Estimates
        By models that have not seen the star. Of an ensemble the error is the spread of the models that have.
    whole : Estimates
        By the models that predict new stars.
    label_known : ndarray of float64, [n, k], or None
        What the labels are off by, K and dex, where the errors of ``own`` are already without it: then only their scale
        is calibrated. None where the engine can't tell.
    """

    own: Estimates
    whole: Estimates
    label_known: np.ndarray | None = None


def check_estimates(estimates: Estimates, info: EngineInfo, n: int) -> Estimates:
    """The estimates as they are, or a ValueError that says where they break the contract.

    Parameters
    ----------
    estimates : Estimates
    info : EngineInfo
        Of the engine that made them.
    n : int
        Number of spectra it was given.
    """
    shape = (n, len(info.labels))
    wrong = []
    for name in ("values", "error"):
        array = np.asarray(getattr(estimates, name))
        if array.shape != shape or array.dtype.kind != "f":
            wrong.append(f"{name} is {array.dtype} {array.shape}, expected floats {shape}")
    if not wrong:
        known, errors = np.isfinite(estimates.values), np.isfinite(estimates.error)
        if np.isinf(estimates.values).any() or np.isinf(estimates.error).any():
            wrong.append("values or errors are infinite; use NaN")
        if info.error == "none" and errors.any():
            wrong.append("it has errors, and its info says none")
        if info.error != "none" and (known != errors).any():
            wrong.append("values and errors must be NaN together")
        if (estimates.error < 0).any():
            wrong.append("negative errors")
    if (estimates.chi2 is not None) != info.gives_chi2 or (info.gives_chi2 and np.shape(estimates.chi2) != (n,)):
        wrong.append(f"chi2 must be {'[n]' if info.gives_chi2 else 'None'}")
    if estimates.flag is not None:
        flag = np.asarray(estimates.flag)
        allowed = sum(ENGINE_SETS) + sum(info.own_flags.values())
        if flag.shape != (n,) or flag.dtype.kind not in "iu" or (flag & ~allowed).any():
            wrong.append(f"flag must be integers [n] with bits of {int(allowed):#x}")
    if set(estimates.extra) != set(info.extra_columns):
        wrong.append(f"extra columns are {sorted(estimates.extra)}, expected {sorted(info.extra_columns)}")
    wrong += [f"extra column {name} is not [n]" for name, values in estimates.extra.items() if np.shape(values) != (n,)]
    if wrong:
        raise ValueError(f"engine {info.name}: {'; '.join(wrong)}")
    return estimates


TableReader = Callable[..., pd.DataFrame]
"""``read(name, columns=None)``: a table by the name of the rule's input."""


class Engine(Protocol):
    """The protocol. `mstars.engines.base.BaseEngine` has what most engines share.

    A loaded model is anything with an attribute ``about``, a mapping with ``trained_on`` (kind of the survey),
    ``label_min`` and ``label_max`` ([k], or None where unknown).
    """

    info: EngineInfo

    def grid(self, settings: Mapping) -> Grid:
        """Wavelengths of its inputs with these settings."""

    def training_set(
        self, read: TableReader, *, kind: str, settings: Mapping, rules: SurveyRules
    ) -> tuple[pd.DataFrame, dict]:
        """Labelled spectra and a summary: see `mstars.parameters.label_set.label_set` for arguments and columns."""

    def prepare(self, spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
        """Inputs of n spectra. ``rv`` in km/s; NaN: the spectrum stays unshifted."""

    def train(
        self,
        x: EngineInput,
        table: pd.DataFrame,
        *,
        kind: str,
        part: str,
        settings: Mapping,
        seed: int,
        folder: Path,
        about: Mapping,
    ) -> None:
        """Write a model folder: weights.safetensors, history.csv, and model.json last."""

    def load(self, folders: Sequence[Path], *, kind: str, settings: Mapping, gpus: int = 0) -> Any:
        """A model from the folders of its predicting parts.

        Raises
        ------
        InputError
            A folder of another engine, class, grid or version, or a damaged one.
        """

    def predict(self, model: Any, x: EngineInput, about: pd.DataFrame) -> Estimates:
        """Estimates for n spectra of the model's class.

        ``about`` has a row each: spectrum_key, luminosity_class, rv (km/s) and snri at least.
        """

    def held_out(
        self, folders: Mapping[str, Path], x: EngineInput, table: pd.DataFrame, *, kind: str, settings: Mapping
    ) -> HeldOut:
        """Predictions for the labelled stars; ``folders`` by part."""
