"""From a theory grid to the folder of its emulator (section 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.engines.csn.emulator import (
    Emulator,
    EmulatorSettings,
    emulator_arrays,
    emulator_of,
    leave_nodes_out,
    reconstruction_error,
    split_nodes,
    train_emulator,
)
from mstars.engines.csn.info import INFO
from mstars.engines.csn.inputs import grid_of, theory_inputs, unmasked
from mstars.engines.folder import read_model, write_model
from mstars.templates.theory import TheoryGrid, check_covers

PART = "emulator"
"""Name of the emulator's folder, beside those of the engine's parts."""


def nodes_of(theory: TheoryGrid, settings: Mapping) -> TheoryGrid:
    """The spectra of a grid that the emulator learns from.

    Raises
    ------
    InputError
        The grid does not reach the Teff and [M/H] of the synthetic set.
    """
    limits = {label: tuple(settings["emulator"][label]) for label in ("teff", "m_h")}
    check_covers(theory, {label: tuple(settings["population"][label]) for label in ("teff", "m_h")})
    return theory.within(limits)


def write_emulator(
    theory: TheoryGrid, *, kind: str, settings: Mapping, seed: int, folder: Path, about: Mapping
) -> pd.DataFrame:
    """Train the emulator of a grid and write its folder.

    Parameters
    ----------
    theory : TheoryGrid
    kind : str
    settings : mapping
        ``engines.csn``.
    seed : int
        The config's.
    folder : path
    about : mapping
        Kept in model.json, with the grid's limits.

    Returns
    -------
    pandas.DataFrame
        A row a node: teff, logg, m_h, alpha_m, valid, error (Eq. 1), error_left_out (by an emulator that has not seen
        it; see `leave_nodes_out`; NaN where ``emulator.left_out_parts`` is below 2).

    Raises
    ------
    InputError
        A grid that does not reach far enough in labels or wavelengths.
    """
    nodes, grid = nodes_of(theory, settings), grid_of(settings)
    flux = theory_inputs(nodes.flux_on(grid), settings)
    labels = np.array(nodes.labels[list(LABELS)].fillna(0.0), dtype=float)
    options, used = EmulatorSettings.of(settings["emulator"]), unmasked(grid.wavelength, settings["masks"])
    draws = rng(seed, "csn", "emulator", kind)
    valid, first = split_nodes(len(labels), options.train_share, draws), int(draws.integers(2**31))
    emulator, history = train_emulator(labels, flux, valid, options, first)
    table = pd.DataFrame(labels, columns=list(LABELS)).assign(valid=valid)
    table["error"] = reconstruction_error(emulator, labels, flux, used)
    parts = settings["emulator"]["left_out_parts"]
    table["error_left_out"] = np.nan
    if parts > 1:
        table["error_left_out"] = leave_nodes_out(labels, flux, used, options, parts=parts, seed=first)
    found = {
        "theory": theory.about,
        "label_min": labels.min(axis=0)[: len(INFO.labels)],
        "label_max": labels.max(axis=0)[: len(INFO.labels)],
        "limits": dict(zip(LABELS, np.stack([labels.min(axis=0), labels.max(axis=0)], axis=1).tolist(), strict=True)),
        "activation": options.activation,
        "nodes": len(labels),
        "error_valid": float(table.loc[table["valid"], "error"].median()),
        "error_left_out": float(table["error_left_out"].median()) if parts > 1 else None,
    }
    arrays = emulator_arrays(emulator)
    write_model(
        folder, INFO, arrays, kind=kind, part=PART, grid=grid, about={**about, **found}, history=history
    )  # fmt: skip
    return table


def read_emulator(folder: Path, kind: str, settings: Mapping) -> Emulator:
    """The emulator of a folder of `write_emulator`."""
    stored = read_model(folder, INFO, kind=kind, grid=grid_of(settings))
    return emulator_of(stored.arrays, stored.about["activation"]).requires_grad_(False)


def emulator_limits(folder: Path, kind: str, settings: Mapping) -> dict[str, tuple[float, float]]:
    """Least and greatest of each label of the emulator's grid."""
    limits = read_model(folder, INFO, kind=kind, grid=grid_of(settings)).about["limits"]
    return {label: tuple(span) for label, span in limits.items()}
