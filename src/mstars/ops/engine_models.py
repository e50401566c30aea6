"""The parameter engines there are, each with the model of its config section ``engines.{name}``."""

from __future__ import annotations

from pydantic import BaseModel


def engine_models() -> dict[str, type[BaseModel] | None]:
    """Model by name; None: the engine has no section of its own (CNN-TLMA has ``spmm``, the paper's name)."""
    return {"cnn": None}
