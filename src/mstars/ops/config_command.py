"""Print the config that is in force: every key, where its value comes from, and what differs from the paper.

The output is YAML; a comment after each key names the file that sets it (nothing for a default) and the paper's value
where it is another.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Sequence
from pathlib import Path

from mstars.core.config.check import checked
from mstars.core.config.documents import (
    ABSENT,
    Key,
    configuration_page,
    json_schema,
    keys_of,
    paper_overlay,
    written,
    yaml_lines,
)
from mstars.core.config.files import BASE, Layer, at, layers_of, origin
from mstars.core.config.problems import unknown
from mstars.core.config.whole import defaults, filled, inheriting, merged, section_tree
from mstars.core.errors import InputError
from mstars.engines.registry import engine_models
from mstars.files.whole import atomic_path

HELP = "the config in force: every key, where it comes from, what differs from the paper"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars config``."""
    parser.add_argument("overlays", nargs="*", type=Path, help="as given to snakemake --configfile, in this order")
    parser.add_argument("--base", type=Path, default=Path(BASE), help="the file that is read first")
    parser.add_argument("--key", metavar="NAME", help="only this section or key, as rvmm.tm")
    parser.add_argument("--changed", action="store_true", help="only what differs from the defaults")
    parser.add_argument("--paper", action="store_true", help="only what differs from the paper")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of config files instead")
    parser.add_argument(
        "--write-docs",
        type=Path,
        metavar="FOLDER",
        help="write docs/configuration.md and config/paper.yaml there instead",
    )


def run(options: argparse.Namespace) -> int:
    """Print, or write the documents."""
    if options.schema:
        print(json.dumps(json_schema(engine_models()), indent=2))
    elif options.write_docs is not None:
        write_documents(options.write_docs)
    else:
        layers = layers_of(options.base if options.base.is_file() else None, options.overlays, {})
        keys = Report(layers, str(options.base)).lines(options.key, changed=options.changed, paper=options.paper)
        print("\n".join(keys))
    return 0


def write_documents(folder: Path) -> None:
    """Write the two files that are made from the models."""
    for name, text in documents().items():
        with atomic_path(folder / name) as temporary:
            temporary.write_text(text)


def documents() -> dict[str, str]:
    """Name and text of the files that are made from the models."""
    return {
        "docs/configuration.md": configuration_page(engine_models()),
        "config/paper.yaml": paper_overlay(engine_models()),
    }


class Report:
    """What is in force and why.

    Parameters
    ----------
    layers : sequence of Layer
        What the files say, the later one winning.
    base : str
        Name of the file that the overlays change.
    """

    def __init__(self, layers: Sequence[Layer], base: str = BASE):
        said = functools.reduce(merged, (dict(layer.values) for layer in layers), {})
        self._layers = layers
        self._config = checked(said, engine_models(), layers, base=base)
        self._kind = self._config["survey"]["kind"]
        self._defaults = filled({"survey": {"kind": self._kind}}, engine_models())
        self._defaults["survey"] = filled({})["survey"]
        self._tree = section_tree(engine_models())
        self._own = defaults(self._tree, self._kind)
        self._inherited = dict(inheriting(self._tree))

    def lines(self, only: str | None = None, *, changed: bool = False, paper: bool = False) -> list[str]:
        """YAML with a comment behind each key.

        Parameters
        ----------
        only : str, optional
            One section or key.
        changed : bool
            Only what is not the default.
        paper : bool
            Only what is not the paper's.

        Raises
        ------
        InputError
            No section or key of that name.
        """
        wanted = tuple(only.split(".")) if only else ()
        keys = [key for key in keys_of(self._tree, inherited=True) if key.place[: len(wanted)] == wanted]
        if not keys:
            places = [key.place for key in keys_of(self._tree)]
            names = {".".join(place[:depth]) for place in places for depth in range(1, len(place) + 1)}
            raise InputError(f"{only}: {unknown(only, sorted(names), 'section or key')}")
        said = []
        for key in keys:
            value = at(self._config, key.place)
            other = key.paper is not ABSENT and key.paper != value
            if (changed and value == at(self._defaults, key.place)) or (paper and not other):
                continue
            papers = f"paper ({key.notes['paper']['section']}): {written(key.paper)}" if other else ""
            said.append((key.place, value, "; ".join(filter(None, (self._origin(key), papers)))))
        return yaml_lines(said)

    def _origin(self, key: Key) -> str:
        """Who gives the value; nothing for a plain default."""
        name = origin(self._layers, key.place, whole=True)
        source = self._inherited.get(key.place[:-1])
        if name is not None:
            return name
        if source is not None and key.place[-1] not in at(self._own, key.place[:-1]):
            return " from ".join(filter(None, (source, origin(self._layers, (source, key.place[-1]), whole=True))))
        return f"as survey.kind is {self._kind}" if self._kind in key.notes.get("kinds", {}) else ""
