"""A trained model is a folder: ``model.json`` and ``weights.safetensors``. Loading one never runs code from it."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

import mstars
from mstars.core.config.networks import Architecture
from mstars.core.errors import InputError
from mstars.files.json_files import read_json, write_json
from mstars.files.whole import atomic_path
from mstars.networks.architecture import GRID, Members, Network, as_dict, build_network, from_dict

FORMAT = "mstars-cnn-1"
STEPS = {"observed": ["1", "3", "4a", "5"], "rest": ["1", "2", "3", "4a", "5"]}
"""Preprocessing steps of section 3.2 by the frame of the wavelengths."""


@dataclass
class Model:
    """A trained network and what it needs to be used.

    Attributes
    ----------
    network : Network or Members
        On the CPU.
    kind : {"classifier", "regressor"}
    task : str
        ``spt``, ``wdm``, ``dmgm``, ``tlma_dM``, …
    outputs : list of str
        Class names, or label names.
    frame : {"observed", "rest"}
        Frame of the input wavelengths.
    mean, scale : ndarray, [n_out] or None
        Of a regressor's labels in its training split.
    about : dict
        What it was trained on and how; free keys, JSON types.
    """

    network: Network | Members
    kind: str
    task: str
    outputs: list[str]
    frame: str = "observed"
    mean: np.ndarray | None = None
    scale: np.ndarray | None = None
    about: dict = field(default_factory=dict)


def together(models: Sequence[Model], about: dict | None = None) -> Model:
    """Several classifiers as one, which says the mean of their probabilities.

    Parameters
    ----------
    models : sequence of Model
        Two or more of one task, architecture and frame, with the same outputs.
    about : dict, optional
        Of the whole; by default that of the first, with the others' under ``members``.

    Raises
    ------
    InputError
        Less than two models, a regressor, or models that differ.
    """
    if len(models) < 2:
        raise InputError(f"{len(models)} models to put together; give two or more")
    first = models[0]
    for model in models:
        same = (model.task, model.outputs, model.frame) == (first.task, first.outputs, first.frame)
        if model.kind != "classifier" or not same or model.network.architecture != first.network.architecture:
            raise InputError(f"models {first.task} and {model.task} are not classifiers of one task and architecture")
    networks = [one for model in models for one in getattr(model.network, "members", [model.network])]
    about = {**first.about, "members": [model.about for model in models[1:]]} if about is None else about
    return dataclasses.replace(first, network=Members(networks), about=about)


def save_model(model: Model, folder: str | Path) -> None:
    """Write a model folder, ``model.json`` last: a folder with it is whole.

    Parameters
    ----------
    model : Model
    folder : str or Path
    """
    folder = Path(folder)
    state = {key: value.detach().cpu().contiguous() for key, value in model.network.state_dict().items()}
    content = save_tensors(state)
    with atomic_path(folder / "weights.safetensors") as temporary:
        temporary.write_bytes(content)
    description = {
        "format": FORMAT,
        "kind": model.kind,
        "task": model.task,
        "outputs": list(model.outputs),
        "architecture": as_dict(model.network.architecture),
        "grid": GRID,
        "frame": model.frame,
        "preprocessing": STEPS[model.frame],
        "label_mean": model.mean,
        "label_scale": model.scale,
        **({"members": len(model.network.members)} if isinstance(model.network, Members) else {}),
        "weights": {"file": "weights.safetensors", "sha256": hashlib.sha256(content).hexdigest()},
        "software": {
            "mstars": mstars.__version__,
            "torch": torch.__version__,
            "safetensors": safetensors.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "about": model.about,
    }
    write_json(description, folder / "model.json")


def load_model(folder: str | Path) -> Model:
    """Read a model folder.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Model
        Its network is on the CPU, ready to predict.

    Raises
    ------
    InputError
        When a file is missing or damaged, or the grid, the architecture or the number of outputs do not fit.
    """
    folder = Path(folder)
    if not (folder / "model.json").is_file():
        raise InputError(f"{folder}: not a trained model (no model.json); train it, or correct models.path")
    description = read_json(folder / "model.json")
    _check(description, folder)
    architecture = from_dict(description["architecture"])
    state = _tensors(folder, description["weights"])
    n_out, members = len(description["outputs"]), description.get("members")
    _check_size(architecture, n_out, state, folder, members or 1)
    network = build_network(architecture, n_out, seed=0)
    if members:
        network = Members([network, *(build_network(architecture, n_out, seed=0) for _ in range(members - 1))])
    network.load_state_dict(_fitting(folder, state, network))
    as_array = {key: description[key] for key in ("label_mean", "label_scale")}
    return Model(
        network=network.eval(),
        kind=description["kind"],
        task=description["task"],
        outputs=list(description["outputs"]),
        frame=description["frame"],
        mean=None if as_array["label_mean"] is None else np.array(as_array["label_mean"], dtype=float),
        scale=None if as_array["label_scale"] is None else np.array(as_array["label_scale"], dtype=float),
        about=description["about"],
    )


_KEYS = ("format", "kind", "task", "outputs", "architecture", "grid", "frame", "label_mean", "label_scale", "weights")
_TYPES = {"kind": str, "task": str, "outputs": list, "architecture": dict, "frame": str, "weights": dict, "about": dict}


def _check(description, folder: Path) -> None:
    where = f"{folder}/model.json"
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise InputError(f"{where}: format is not {FORMAT}; train the model again with this version")
    missing = [key for key in (*_KEYS, "about") if key not in description]
    if missing:
        raise InputError(f"{where}: missing {', '.join(missing)}; train the model again")
    wrong = [key for key, kind in _TYPES.items() if not isinstance(description[key], kind)]
    if wrong or not all(isinstance(name, str) for name in description["outputs"]):
        raise InputError(f"{where}: {', '.join(wrong) or 'outputs'} of a wrong type; train the model again")
    if description["grid"] != GRID:
        raise InputError(f"{where}: trained on the grid {description['grid']}, this version uses {GRID}")
    if description["kind"] not in ("classifier", "regressor"):
        raise InputError(f"{where}: kind is {description['kind']!r}, expected classifier or regressor")
    members = description.get("members")
    whole = type(members) is int and members >= 2 and description["kind"] == "classifier"
    if "members" in description and not whole:
        raise InputError(
            f"{where}: members is {members!r} of a {description['kind']}, expected 2 or more of a classifier"
        )
    if description["frame"] not in STEPS:
        raise InputError(f"{where}: frame is {description['frame']!r}, expected observed or rest")
    if description["kind"] == "regressor":
        for key in ("label_mean", "label_scale"):
            value = description[key]
            if (
                not isinstance(value, list)
                or len(value) != len(description["outputs"])
                or not all(map(_is_number, value))
            ):
                raise InputError(f"{where}: {key} does not fit {len(description['outputs'])} labels; train again")


def _is_number(value) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300


def _check_size(architecture: Architecture, n_out: int, state: dict[str, torch.Tensor], folder: Path, members: int):
    """Refuse an architecture of more weights than the file has, before memory is taken for them."""
    channels = (1, *architecture.channels)
    sizes = zip(channels, channels[1:], architecture.kernels, strict=False)
    n_weights = sum((before * kernel + 1) * after for before, after, kernel in sizes)
    n_weights = members * (n_weights + (architecture.n_features + 1) * n_out)
    if n_weights > sum(value.numel() for value in state.values()):
        where = f"{folder}/weights.safetensors"
        raise InputError(f"{where}: tensors do not fit the architecture of model.json, which has {n_weights} weights")


def _tensors(folder: Path, weights: dict) -> dict[str, torch.Tensor]:
    # a fixed name: a model.json can't point at a file elsewhere
    path = folder / "weights.safetensors"
    try:
        content = path.read_bytes()
    except OSError:
        raise InputError(f"{path}: missing; train the model again") from None
    if hashlib.sha256(content).hexdigest() != weights.get("sha256"):
        raise InputError(f"{path}: damaged (its checksum is not model.json's); train the model again or copy it anew")
    try:
        return load_tensors(content)
    except safetensors.SafetensorError as error:
        raise InputError(f"{path}: not a safetensors file ({error})") from None


def _fitting(folder: Path, state: dict[str, torch.Tensor], network: Network | Members) -> dict[str, torch.Tensor]:
    path = folder / "weights.safetensors"
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in state.items()}
    if expected != found:
        raise InputError(f"{path}: tensors {found} do not fit the architecture of model.json, {expected}")
    if not all(torch.isfinite(value).all() for value in state.values()):
        raise InputError(f"{path}: weights that are not finite; train the model again")
    return state
