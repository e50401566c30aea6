"""What most engines share: the training set of APOGEE's labels, the held-out predictions by folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.engines.contract import EngineInfo, EngineInput, Estimates, HeldOut, TableReader
from mstars.parameters.apogee_filter import apogee_labels
from mstars.parameters.label_set import SetNames, SurveyRules, label_set
from mstars.spectra.grids import Grid


class BaseEngine:
    """Defaults of the protocol `mstars.engines.contract.Engine`; a subclass sets ``info``."""

    info: EngineInfo

    def grid(self, settings: Mapping) -> Grid:
        """The grid of its info."""
        return self.info.grid

    def training_set(
        self, read: TableReader, *, kind: str, settings: Mapping, rules: SurveyRules
    ) -> tuple[pd.DataFrame, dict]:
        """m_catalog_v3 with APOGEE's labels."""
        section = f"engines.{self.info.name}"
        return self.with_apogee(read, self.info.labels, section, kind=kind, settings=settings, rules=rules)

    def with_apogee(
        self,
        read: TableReader,
        labels: Sequence[str],
        section: str,
        *,
        kind: str,
        settings: Mapping,
        rules: SurveyRules,
    ) -> tuple[pd.DataFrame, dict]:
        """m_catalog_v3 with some of APOGEE's labels.

        Parameters
        ----------
        read, kind, settings, rules
            As for `training_set`.
        labels : sequence of str
        section : str
            Section of the config that errors name.
        """
        return label_set(
            read("m_catalog"),
            apogee_labels(read("apogee")),
            read("spectra", ["spectrum_key", "batch", "row"]),
            read("stars", ["spectrum_key", "star_id"]),
            kind=kind,
            labels=labels,
            settings=settings,
            rules=rules,
            names=SetNames(f"{self.info.stem}_{kind}", section),
        )

    def label_limits(self, table: pd.DataFrame, part: str) -> dict[str, np.ndarray]:
        """``label_min`` and ``label_max`` of the stars that a part is trained on."""
        labels = table.loc[self.training_rows(table, part), list(self.info.labels)].to_numpy(dtype=float)
        return {"label_min": labels.min(axis=0), "label_max": labels.max(axis=0)}

    def training_rows(self, table: pd.DataFrame, part: str) -> np.ndarray:
        """Which rows a part is trained on: all, or all but the fold's. Bool [n]."""
        if part == "all":
            return np.ones(len(table), bool)
        return table["fold"].to_numpy(dtype=int) != int(part.removeprefix("fold"))

    def held_out(
        self, folders: Mapping[str, Path], x: EngineInput, table: pd.DataFrame, *, kind: str, settings: Mapping
    ) -> HeldOut:
        """Each fold's stars by the fold's model, and all by the model of all stars.

        Raises
        ------
        InputError
            The folds of the training set are not those of the models.
        """
        fold = table["fold"].to_numpy(dtype=int)
        parts = [part for part in folders if part != "all"]
        if sorted(parts) != sorted(f"fold{number}" for number in np.unique(fold)):
            raise InputError(f"training set of {fold.max() + 1} folds, {len(parts)} models; train again")
        about = table.assign(luminosity_class=kind)
        own = empty_estimates(self.info, len(table))
        for part in parts:
            rows = np.flatnonzero(~self.training_rows(table, part))
            model = self.load([folders[part]], kind=kind, settings=settings)
            put_estimates(own, rows, self.predict(model, x.take(rows), about.iloc[rows]))
        whole = self.load([folders["all"]], kind=kind, settings=settings)
        return HeldOut(own, self.predict(whole, x, about))


def empty_estimates(info: EngineInfo, n: int) -> Estimates:
    """Estimates of n spectra without a number."""
    shape = (n, len(info.labels))
    return Estimates(
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(n, np.nan) if info.gives_chi2 else None,
        np.zeros(n, np.int64),
        {name: np.full(n, np.nan) for name in info.extra_columns},
    )


def put_estimates(into: Estimates, rows: np.ndarray, part: Estimates) -> None:
    """Write the estimates of some rows into those of all."""
    into.values[rows], into.error[rows] = part.values, part.error
    if part.chi2 is not None:
        into.chi2[rows] = part.chi2
    if part.flag is not None:
        into.flag[rows] = part.flag
    for name, values in part.extra.items():
        into.extra[name][rows] = values
