"""Settings of the combined estimate: the config section ``engines.combined``."""

from __future__ import annotations

from typing import ClassVar

from mstars.core.config.keys import key
from mstars.engines.settings import EngineSettings


class CombinedSettings(EngineSettings):
    """The other engines as one."""

    PLACE: ClassVar[str] = "engines.combined"
    contradiction: float = key(
        0.0003, "share of sound spectra that are told to be contradicted: by how far engines differ on labelled stars",
        gt=0, lt=0.5,
    )  # fmt: skip
    least_common: int = key(30, "labelled stars that an engine, and a pair of engines, must have in common", ge=10)


SETTINGS = CombinedSettings
