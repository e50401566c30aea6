"""results/{survey}/index.html: what the run made, on one page that works offline."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace

import jinja2
import yaml

from mstars.files.pages import rendered
from mstars.files.whole import atomic_path
from mstars.ops.run_products import shown_by_papers

WILDCARDS = {"confusion": ("task",), "examples": ("name",), "colour": ("name",), "compare": ("catalog", "kind")}
"""Wildcards of the figures that one rule makes, by the second word of their names: the words after it."""

GUIDES = {
    "Which column to use": "guide/catalogue.html",
    "Every column": "columns.html",
    "The queues for review": "guide/review.html",
    "Files of a run": "reference/files.html",
    "The scorecard's keys": "scorecard.html",
    "What mstars can't do": "limitations.html",
    "Citing": "citing.html",
}
"""Pages of the documentation that the page links, by title."""


def figure_entries(
    files: Iterable[str | Path], captions: Path, folder: Path, shown: Mapping[str, str]
) -> list[dict[str, str]]:
    """The figures among files, as the page shows them.

    Parameters
    ----------
    files : iterable of path
        Those that end in ``.png`` are shown, in order of their paths; PDF and CSV of the same name lie beside each.
    captions : Path
        Folder of the report's captions, ``{figure}.rst`` or ``{second word of the figure's name}.rst``.
    folder : Path
        Where the page is.
    shown : mapping
        Of `mstars.ops.run_products.shown_by_papers`.

    Returns
    -------
    list of dict
        name, title, png, pdf and csv (relative to the page), caption ("" where there is none).
    """
    entries = []
    for path in sorted(map(Path, files)):
        if path.suffix == ".png":
            place = path.relative_to(folder)
            title = shown.get(str(place.with_suffix("")), path.stem.replace("_", " "))
            links = {ending: str(place.with_suffix(f".{ending}")) for ending in ("png", "pdf", "csv")}
            caption = caption_of(path.stem, captions)
            entries.append({"name": path.stem, "title": title[:1].upper() + title[1:], "caption": caption, **links})
    return entries


def caption_of(name: str, captions: Path) -> str:
    """Caption of a figure as plain text, with what it says of this figure of its rule; "" where there is none."""
    words = name.split("_")
    family = words[1] if len(words) > 1 else name
    keys = WILDCARDS.get(family, ())
    values = [*words[2 : 1 + len(keys)], "_".join(words[1 + len(keys) :])] if keys else []
    job = SimpleNamespace(wildcards=dict(zip(keys, values, strict=True)))
    for path in (captions / f"{name}.rst", captions / f"{family}.rst"):
        if path.is_file():
            return " ".join(jinja2.Template(path.read_text()).render(snakemake=job).replace("``", "").split())
    return ""


def write_page(
    path: str | Path,
    *,
    survey: str,
    simulated: bool,
    config: dict,
    checkout: Path,
    figures: Mapping[str, Iterable[str | Path]],
    facts: Mapping,
    **content,
) -> None:
    """Write the page; everything is escaped.

    Parameters
    ----------
    path : str or Path
        index.html.
    survey : str
        Its name.
    simulated : bool
        Whether to say so in the title.
    config : dict
        Shown in full.
    checkout : Path
        Where the captions of figures are, and where ``make docs`` puts the documentation, which the page links.
    figures : mapping
        Files of figures by heading.
    facts : mapping
        Of `mstars.ops.run_facts.facts`.
    **content
        provenance (`mstars.ops.provenance`), products (`mstars.ops.run_products.products`), scorecard and recipes (rows
        of cells, the head first; none: not shown).
    """
    path, titles = Path(path), shown_by_papers()
    place = os.path.relpath(checkout / "build" / "docs" / "html", path.parent)
    captions = checkout / "workflow" / "report"
    entries = {name: figure_entries(files, captions, path.parent, titles) for name, files in figures.items()}
    guides = {title: f"{place}/{page}" for title, page in GUIDES.items()}
    shown = yaml.safe_dump(json.loads(json.dumps(config)), sort_keys=False)
    content |= {"survey": survey, "simulated": simulated, "config": shown, "guides": guides, "figures": entries}
    page = rendered("mstars.ops", "run_page.html", **facts, **content)
    with atomic_path(path) as temporary:
        temporary.write_text(page)
