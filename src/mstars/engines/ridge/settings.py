"""Settings of the ridge engine: the config section ``engines.ridge``."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from mstars.core.config.keys import List, key
from mstars.engines.settings import EngineSettings


class RidgeSettings(EngineSettings):
    """Ridge regression on principal components."""

    PLACE: ClassVar[str] = "engines.ridge"
    components: Annotated[tuple[Annotated[int, Field(ge=1)], ...], List, Field(min_length=1)] = key(
        (20, 50, 100, 200), "numbers of principal components that are tried for each label"
    )


SETTINGS = RidgeSettings
