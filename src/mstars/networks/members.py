"""Several trainings of a classifier as one model: their folders become one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.tables import read_table
from mstars.networks.folder import Model, load_model, together
from mstars.networks.training import write_trained


def join_members(folders: Sequence[Path], folder: Path) -> Model:
    """Write the model folder of several trainings of a classifier on one training set.

    Parameters
    ----------
    folders : sequence of Path
        Two or more model folders, the first one's description is that of the whole.
    folder : Path
        Gets model.json, weights.safetensors, history.csv (with a column ``member``) and validation.parquet (of the
        mean of the probabilities).

    Returns
    -------
    Model

    Raises
    ------
    InputError
        Less than two folders, models that differ, or that kept other spectra for validation.
    """
    model = together([load_model(one) for one in folders])
    columns = [f"prob_{name}" for name in model.outputs]
    tables = [read_table(Path(one) / "validation.parquet") for one in folders]
    for one, table in zip(folders, tables, strict=True):
        if not table["spectrum_key"].equals(tables[0]["spectrum_key"]):
            raise InputError(f"{one}: other spectra for validation than {folders[0]}; train both on one training set")
    mean = np.mean([table[columns].to_numpy() for table in tables], axis=0)
    best = np.array(model.outputs)[mean.argmax(axis=1)]
    table = tables[0].assign(predicted=best, **dict(zip(columns, mean.T, strict=True)))
    history = [pd.read_csv(Path(one) / "history.csv").assign(member=number) for number, one in enumerate(folders)]
    write_trained(model, pd.concat(history, ignore_index=True), table, folder)
    return model
