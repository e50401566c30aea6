"""Settings of the combined estimate: the config section ``engines.combined``."""

from __future__ import annotations

from typing import ClassVar

from mstars.core.config.keys import key
from mstars.engines.settings import EngineSettings


class CombinedSettings(EngineSettings):
    """The other engines as one."""

    PLACE: ClassVar[str] = "engines.combined"
    contradiction: float = key(
        0.0001, "engines contradict each other where their chi2 is this improbable for labelled stars", gt=0, lt=0.5
    )
    least_common: int = key(30, "labelled stars that an engine, and a pair of engines, must have in common", ge=10)


SETTINGS = CombinedSettings
