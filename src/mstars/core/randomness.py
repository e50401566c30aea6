"""Random numbers of every step, from the one seed of the config."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    pass


def rng(seed: int, *names: str | int) -> np.random.Generator:
    """Random numbers of one step: the config's seed, spawned by the rule's name and wildcards.

    Parameters
    ----------
    seed : int
        ``survey.seed`` of the config.
    *names : str or int
        What tells this stream from the others, for example ``("train", "spt")``.

    Returns
    -------
    numpy.random.Generator
        The same stream for the same arguments, on any machine.
    """
    digest = hashlib.sha256("\x1f".join(map(str, names)).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence([seed, *np.frombuffer(digest[:16], "<u4").tolist()]))
