"""Where a network is trained."""

from __future__ import annotations

import torch

from mstars.core.errors import InputError


def torch_device(name: str) -> torch.device:
    """The device of the config's ``networks.device``: ``auto`` takes a GPU where there is one.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}

    Returns
    -------
    torch.device

    Raises
    ------
    InputError
        ``cuda``, and torch sees no GPU.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("networks.device: cuda, but torch sees no GPU here; use auto or cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
