"""How a section of the config is declared: a pydantic model whose keys say unit, range and what the paper does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError

from mstars.core.errors import InputError

_OURS = object()

List = Strict(False)
"""Marks a tuple: YAML and JSON write it as a list."""


def _forward(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] >= span[1]:
        raise ValueError(f"{list(span)} runs backwards; give the lower value first")
    return span


Words = Annotated[tuple[str, ...], List]
Forward = AfterValidator(_forward)
Span = Annotated[tuple[float, float], List, Forward]
Spans = Annotated[tuple[Span, ...], List]


class Section(BaseModel):
    """Base of all sections. Values keep their YAML types: no text is read as a number, no number as true or false.

    A wrong key or value is an `InputError` that names the key by its place in the config.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    PLACE: ClassVar[str] = ""
    """The section's place in the config, for example ``rvmm.tm``."""

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InputError("; ".join(_told(self.PLACE, one) for one in error.errors())) from None

    # without this mark pydantic calls __init__ for sections within sections too, and their places would be lost
    __init__.__pydantic_base_init__ = True

    @classmethod
    def default(cls, name: str) -> Any:
        """Default of a key, for functions that take it as an argument."""
        return cls.model_fields[name].default

    def changed(self, **values: Any) -> Self:
        """The same options with other values for some keys, checked like new ones."""
        return type(self)(**{name: getattr(self, name) for name in type(self).model_fields} | values)


def _told(place: str, error: Mapping[str, Any]) -> str:
    """One thing that pydantic found wrong, with the key's full name."""
    name = ".".join(map(str, filter(None, (place, *error["loc"]))))
    if error["type"] in ("extra_forbidden", "missing"):
        return f"{name}: {'no such key' if error['type'] == 'extra_forbidden' else 'must be given'}"
    if error["type"] == "value_error":
        return f"{name}: {error['ctx']['error']}"
    return f"{name}: {error['input']!r} is not allowed: {error['msg']}"


def key(
    default: Any,
    description: str,
    *,
    unit: str = "",
    paper: Any = _OURS,
    where: str = "",
    kinds: Mapping[str, Any] | None = None,
    follows: tuple[str, Mapping[str, Any]] | None = None,
    form: str = "",
    **limits: Any,
) -> Any:
    """One key of a section.

    Parameters
    ----------
    default
        The value where nobody gives one.
    description : str
        One line: what the key does.
    unit : str, optional
        Of the value.
    paper, where
        The value of Li et al. 2025 and the section that gives it. With ``where`` alone the default is the paper's;
        with neither the paper does not say.
    kinds : mapping of str to value, optional
        Defaults of surveys of a kind (``survey.kind``) that differ.
    follows : (str, mapping of str to value), optional
        Another key of the section, and the default of this one for values of that one where it differs.
    form : str, optional
        How to write a text, for people: what an error says in place of a pattern.
    **limits
        Limits as pydantic names them: ge, gt, le, lt, min_length, max_length, pattern.
    """
    notes: dict[str, Any] = {"unit": unit} if unit else {}
    if where:
        notes["paper"] = {"value": plain(default if paper is _OURS else paper), "section": where}
    if kinds:
        notes["kinds"] = dict(kinds)
    if follows:
        notes["follows"] = {"key": follows[0], "defaults": plain(follows[1])}
    if form:
        notes["form"] = form
    return Field(default, description=description, json_schema_extra=notes, **limits)


def subsection(model: type[Section], description: str = "") -> Any:
    """A section within a section."""
    return Field(default_factory=model, description=description or _first_line(model))


def inherited(model: type[Section], source: str, description: str) -> Any:
    """A section that starts as another one.

    It starts as section ``source`` of the config; then come the keys that ``model`` declares anew, with their defaults;
    then what the user's config says here. This is the only way in which a section takes values of another.
    """
    return Field(default_factory=model, description=description, json_schema_extra={"inherits": source})


def path(description: str, default: str | None = None, **more: Any) -> Any:
    """A file or folder, or null."""
    return key(default, description, min_length=1, **more)


def notes(field: Any) -> dict[str, Any]:
    """What `key` or `inherited` noted about a pydantic field: unit, paper, kinds, follows, form, inherits."""
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def own_defaults(model: type[Section]) -> dict[str, Any]:
    """Defaults of the keys that an inheriting section declares anew."""
    if Section in model.__bases__:
        return {}
    return {name: plain(model.model_fields[name].default) for name in model.__annotations__ if name != "PLACE"}


def _first_line(model: type) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def plain(value: Any) -> Any:
    """Plain values: dict, list, numbers, text. Dates become text, tuples lists."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "isoformat"):  # YAML reads 2012-01-14 without quotes as a date
        return value.isoformat()
    return os.fspath(value) if isinstance(value, os.PathLike) else value
