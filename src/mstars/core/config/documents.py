"""Texts made from the models: the JSON schema, the documentation of all keys, the overlay with the paper's options."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from mstars.core.config.keys import notes
from mstars.core.config.schema import allowed, schema_of
from mstars.core.config.whole import Engines, defaults, is_section, section_tree

ABSENT = object()
"""The paper does not say."""

_HEAD = """# All config keys

This page is made by `make pages` from the models in `src/mstars/core/config/`. Do not edit it.

A run reads `config/config.yaml`, which holds what most people change. Then come the overlays of `--configfile` in
order, then `--config`. Every other key has the default below. Set it by its name, in an overlay or in that file:

```yaml
rvmm:
  tm:
    candidates: 8
```

`mstars config [OVERLAY ...]` prints what is in force, where each value comes from, and what differs from the paper.
A wrong key or value stops the run before its first job, with one line that names the file, the key and what is allowed.
Two overlays that set one key to different values do so too.

Look at a stranger's overlay with `mstars config OVERLAY` before a run. A few lines of YAML aliases can stand for more
than memory holds: `mstars config` refuses them. Snakemake merges sections of aliases before mstars can check them.

The column *paper* has the value of Li et al. (2025) and the section that gives it: `=` where it is the default, nothing
where the paper does not say. `config/paper.yaml` sets them all. `null` stands for nothing or none.
"""


class Key(NamedTuple):
    """One key as the documents show it."""

    place: tuple[str, ...]
    schema: dict[str, Any]
    notes: dict[str, Any]
    default: Any

    @property
    def name(self) -> str:
        """The full name, as ``rvmm.tm.weights``."""
        return ".".join(self.place)

    @property
    def paper(self) -> Any:
        """The paper's value; `ABSENT` where it gives none."""
        return self.notes["paper"]["value"] if "paper" in self.notes else ABSENT


def keys_of(
    tree: Mapping[str, Any] | type[BaseModel], above: tuple[str, ...] = (), *, inherited: bool = False
) -> Iterator[Key]:
    """All keys; of an inheriting section those that it declares anew, or with ``inherited`` all."""
    if isinstance(tree, Mapping):
        for name, part in tree.items():
            yield from keys_of(part, (*above, name), inherited=inherited)
        return
    schema = schema_of(tree)["properties"]
    values = defaults(tree, "")
    for name, field in tree.model_fields.items():
        if is_section(field.annotation):
            only = values[name] if "inherits" in notes(field) and not inherited else None
            inside = keys_of(field.annotation, (*above, name), inherited=inherited)
            yield from (key for key in inside if only is None or key.place[-1] in only)
        else:
            yield Key((*above, name), schema[name], notes(field), values.get(name, ABSENT))


def json_schema(engines: Engines | None = None) -> dict[str, Any]:
    """The whole config as a JSON schema (2020-12); ``unit``, ``paper`` and ``kinds`` stand beside the key words."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mstars",
        **schema_of(section_tree(engines)),
    }


def configuration_page(engines: Engines | None = None) -> str:
    """``docs/configuration.md``."""
    parts = [_HEAD]
    for name, section in section_tree(engines).items():
        if isinstance(section, Mapping):
            parts += [_part(f"{name}.{inner}", model) for inner, model in section.items()]
        else:
            parts.append(_part(name, section))
    return "\n".join(parts)


def _part(name: str, model: type[BaseModel]) -> str:
    lines = [f"## `{name}`", "", (model.__doc__ or "").strip(), ""]
    lines += _inherited(model, name)
    lines += ["| key | default | allowed | paper | what it does |", "|---|---|---|---|---|"]
    lines += [_row(key, name) for key in keys_of(model, tuple(name.split(".")))]
    return "\n".join([*lines, ""])


def _inherited(model: type[BaseModel], name: str) -> list[str]:
    lines = []
    for inner, field in model.model_fields.items():
        source = notes(field).get("inherits")
        if source:
            rest = "what is set here, and the defaults here, come first."
            lines += [f"`{name}.{inner}` takes all keys of `{source}`; {rest}", ""]
    return lines


def _row(key: Key, section: str) -> str:
    default = f"`{written(key.default)}`" if key.default is not ABSENT else "must be given"
    for kind, value in key.notes.get("kinds", {}).items():
        default += f"; `{written(value)}` where `survey.kind` is `{kind}`"
    follows = key.notes.get("follows", {"defaults": {}})
    for leader, value in follows["defaults"].items():
        default += f"; `{written(value)}` where `{follows['key']}` is `{leader}`"
    paper = ""
    if key.paper is not ABSENT:
        same = "=" if key.paper == key.default else f"`{written(key.paper)}`"
        paper = f"{same} ({key.notes['paper']['section']})"
    name = key.name.removeprefix(section + ".")
    cells = (f"`{name}`", default, allowed(key.schema), paper, key.schema.get("description", ""))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_PAPER_HEAD = """# The recipe of Li et al. (2025): every option that the paper decides, with its section.
# The other keys keep their defaults, as the paper does not say. Made by `make pages`, from src/mstars/core/config/.
# snakemake --configfile config/paper.yaml
# In the paper people decide every candidate. To let the consensus decide: --config 'review={"mode": "provisional"}'
"""


def paper_overlay(engines: Engines | None = None) -> str:
    """``config/paper.yaml``: every option that the paper decides, with its section."""
    said = []
    for key in keys_of(section_tree(engines)):
        if key.paper is not ABSENT:
            default = written(key.default)
            differs = "" if key.paper == key.default else f"; the default is {default}" if len(default) < 30 else ""
            said.append((key.place, key.paper, f"{key.notes['paper']['section']}{differs}"))
    return _PAPER_HEAD + "\n".join(yaml_lines(said)) + "\n"


def yaml_lines(said: Iterable[tuple[tuple[str, ...], Any, str]], column: int = 44) -> list[str]:
    """Keys with their values as lines of YAML, in the order given; a comment behind each from a column on."""
    lines: list[str] = []
    before: tuple[str, ...] = ()
    for place, value, comment in said:
        above = place[:-1]
        shared = len(os.path.commonprefix([above, before]))
        lines += [f"{'  ' * depth}{above[depth]}:" for depth in range(shared, len(above))]
        text = f"{'  ' * len(above)}{place[-1]}: {written(value)}"
        lines.append(f"{text:<{column}}  # {comment}" if comment else text)
        before = above
    return lines


def written(value: Any) -> str:
    """A value as YAML takes it, in one line."""
    if isinstance(value, str) and value not in ("off", "on", "yes", "no", "null", "") and value[0].isalpha():
        return value
    if isinstance(value, float):
        return re.sub(r"^(-?[0-9]+)e", r"\1.0e", json.dumps(value))  # YAML takes 1e-05 as text
    if isinstance(value, list | tuple) and value and all(isinstance(item, float) for item in value):
        return f"[{', '.join(map(written, value))}]"
    return json.dumps(value)
