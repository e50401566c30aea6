"""Settings of CNN-TLMA: the config section ``spmm``, which is the paper's name."""

from __future__ import annotations

from collections.abc import Mapping

SETTINGS = None
"""It has no section under ``engines``."""


def from_config(config: Mapping) -> dict:
    """Section ``spmm`` of a whole config."""
    return {**config["spmm"], "cuts": {}, "least_snr": {}}
