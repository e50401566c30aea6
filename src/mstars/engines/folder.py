"""The model folder of an engine: weights.safetensors, history.csv and model.json.

Loading one never runs code from it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

import mstars
from mstars.core.errors import InputError
from mstars.engines.contract import EngineInfo
from mstars.files.json_files import read_json, write_json
from mstars.files.whole import atomic_path
from mstars.spectra.grids import Grid

_KEYS = ("kind", "part", "labels", "grid", "normalise", "weights", "about")


@dataclass
class StoredModel:
    """What a model folder holds.

    Attributes
    ----------
    arrays : dict of ndarray
    about : dict
        What it was trained on and how, with ``label_min`` and ``label_max`` as arrays [k].
    part : str
    """

    arrays: dict[str, np.ndarray]
    about: dict
    part: str


def write_model(
    folder: str | Path,
    info: EngineInfo,
    arrays: Mapping[str, np.ndarray],
    *,
    kind: str,
    part: str,
    grid: Grid,
    about: Mapping,
    history: pd.DataFrame,
) -> None:
    """Write a model folder, ``model.json`` last: a folder with it is whole.

    Parameters
    ----------
    folder : path
    info : EngineInfo
    arrays : mapping of ndarray
        All numbers that a prediction needs.
    kind, part : str
        The class, and the part of `EngineInfo.part_names`.
    grid : Grid
        Wavelengths of the inputs.
    about : mapping
        JSON types and arrays: trained_on, survey, training_set, label_min, label_max, and what the engine adds.
    history : pandas.DataFrame
        How the training went.
    """
    folder = Path(folder)
    content = save_arrays({name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())})
    with atomic_path(folder / "weights.safetensors") as temporary:
        temporary.write_bytes(content)
    with atomic_path(folder / "history.csv") as temporary:
        history.to_csv(temporary, index=False, float_format="%.8g")
    description = {
        "format": info.format,
        "kind": kind,
        "part": part,
        "labels": list(info.labels),
        "scale": info.scale,
        "grid": grid.as_dict(),
        "normalise": info.normalise,
        "weights": {"file": "weights.safetensors", "sha256": hashlib.sha256(content).hexdigest()},
        "software": {
            "mstars": mstars.__version__,
            "numpy": np.__version__,
            "safetensors": safetensors.__version__,
            "python": platform.python_version(),
        },
        "about": dict(about),
    }
    write_json(description, folder / "model.json")


def read_model(folder: str | Path, info: EngineInfo, *, kind: str, grid: Grid) -> StoredModel:
    """Read a model folder.

    Raises
    ------
    InputError
        A file is missing or damaged, or the folder is of another engine, version, class, grid or set of labels.
    """
    folder = Path(folder)
    where = f"{folder}/model.json"
    if not (folder / "model.json").is_file():
        raise InputError(f"{folder}: not a trained model (no model.json); train it, or correct models.path")
    found = read_json(folder / "model.json")
    if not isinstance(found, dict) or found.get("format") != info.format:
        of = found.get("format") if isinstance(found, dict) else None
        raise InputError(f"{where}: format is {of!r}, expected {info.format!r}; train the model with this version")
    missing = [key for key in _KEYS if key not in found]
    if missing:
        raise InputError(f"{where}: missing {', '.join(missing)}; train the model again")
    for name, expected in (("kind", kind), ("labels", list(info.labels)), ("normalise", info.normalise)):
        if found[name] != expected:
            raise InputError(f"{where}: {name} is {found[name]!r}, expected {expected!r}; train the model again")
    if Grid.from_dict(found["grid"]) != grid:
        raise InputError(f"{where}: trained on the grid {found['grid']}, the config asks for {grid.as_dict()}")
    about = dict(found["about"])
    for name in ("label_min", "label_max"):
        value = about.get(name)
        about[name] = None if value is None else np.array(value, dtype=float)
    return StoredModel(_arrays(folder, found["weights"]), about, found["part"])


def _arrays(folder: Path, weights: dict) -> dict[str, np.ndarray]:
    path = folder / "weights.safetensors"  # a fixed name: a model.json can't point at a file elsewhere
    try:
        content = path.read_bytes()
    except OSError:
        raise InputError(f"{path}: missing; train the model again") from None
    if hashlib.sha256(content).hexdigest() != weights.get("sha256"):
        raise InputError(f"{path}: damaged (its checksum is not model.json's); train the model again or copy it anew")
    return load_arrays(content)
