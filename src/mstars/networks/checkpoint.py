"""The state of a training after an epoch, so that a killed one goes on as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save as save_tensors

from mstars.files.whole import atomic_path

NAME = "checkpoint.safetensors"
FORMAT = "2"
"""What ``progress`` holds; a checkpoint of another format is as good as none."""

Optimizers = torch.optim.Optimizer | Mapping[str, torch.optim.Optimizer]
"""One optimizer, or several by name."""


def write_checkpoint(
    folder: Path, fingerprint: str, networks: dict, optimizer: Optimizers, best: dict, progress: dict
) -> None:
    """Write the state of a training.

    Parameters
    ----------
    folder : Path
    fingerprint : str
        Of what the training depends on.
    networks : dict of str to Module
    optimizer : torch.optim.Optimizer, or dict of str to Optimizer
    best : dict of str to Tensor
        The best weights so far.
    progress : dict
        JSON types; floats survive exactly.
    """
    tensors = {f"{name}.{key}": value for name, part in networks.items() for key, value in part.state_dict().items()}
    tensors |= {f"best.{key}": value for key, value in best.items()}
    for name, one in _named(optimizer).items():
        for number, state in one.state_dict()["state"].items():
            tensors |= {f"{name}.{number}.{key}": value for key, value in state.items()}
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
    metadata = {"format": FORMAT, "fingerprint": fingerprint, "progress": json.dumps(progress)}
    content = save_tensors(tensors, metadata)
    with atomic_path(folder / NAME) as temporary:
        temporary.write_bytes(content)


def read_checkpoint(folder: Path, fingerprint: str, networks: dict, optimizer: Optimizers) -> tuple[dict, dict] | None:
    """Restore ``networks`` (by name) and ``optimizer`` in place.

    Parameters
    ----------
    folder, fingerprint, networks, optimizer
        As for `write_checkpoint`.

    Returns
    -------
    (best, progress) or None
        None when there is no checkpoint of this very training (same data, settings and seed), or it is damaged.
    """
    try:
        with safetensors.safe_open(folder / NAME, framework="pt") as file:
            metadata = file.metadata() or {}
            if (metadata.get("format"), metadata.get("fingerprint")) != (FORMAT, fingerprint):
                return None
            tensors = {key: file.get_tensor(key) for key in file.keys()}
    except (OSError, safetensors.SafetensorError):
        return None
    for name, part in networks.items():
        part.load_state_dict(_part(tensors, f"{name}."))
    for name, one in _named(optimizer).items():
        state: dict[int, dict] = {}
        for key, value in _part(tensors, f"{name}.").items():
            number, what = key.split(".", 1)
            state.setdefault(int(number), {})[what] = value
        one.load_state_dict({"state": state, "param_groups": one.state_dict()["param_groups"]})
    return _part(tensors, "best."), json.loads(metadata["progress"])


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a finished training, if there is one.

    Parameters
    ----------
    folder : Path
    """
    (folder / NAME).unlink(missing_ok=True)


def _named(optimizer: Optimizers) -> Mapping[str, torch.optim.Optimizer]:
    return optimizer if isinstance(optimizer, Mapping) else {"adam": optimizer}


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
