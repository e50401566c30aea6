"""The page of the engines: figures, and tables that scroll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mstars.core.labels import STELLAR_LABELS
from mstars.engines.registry import engine_info
from mstars.files.json_files import read_json
from mstars.files.pages import rendered
from mstars.files.tables import read_table
from mstars.literature.engine_labels import Source, read_sources
from mstars.paper import engine_tables
from mstars.paper.figures.engine_diagrams import precision_of
from mstars.paper.figures.engine_pairs import scale_text
from mstars.paper.figures.engines_of_run import engines_of
from mstars.paper.rendering import Table

_CAPTIONS = {
    "offsets": (
        "Offsets and scatter",
        "Each engine minus each other source: median (point), robust scatter (line), median by S/N_i (ticks below).",
    ),
    "trends": ("Trends", "Median of engine minus reference in intervals of Teff and [M/H] (means of both) and S/N_i."),
    "diagrams": ("Kiel, H-R and colour diagrams", "The same stars by each source, coloured by its own [M/H]."),
    "repeats": ("Repeats", "Robust scatter of one spectrum from pairs of spectra of a star, and a / (S/N) + b."),
    "groups": (
        "Wide pairs and clusters",
        "Differences over their errors of wide pairs; mean [M/H] of cluster members (open points: less what labelled "
        "dwarfs of that metallicity are off by).",
    ),
    "matrix": (
        "Each pair",
        "One to one, each engine with each other and with the references. Above each panel: median and robust scatter "
        "of row minus column, and the number of spectra.",
    ),
}


@dataclass(frozen=True)
class Shown:
    """A figure on the page: its title and caption, and its path as seen from the page."""

    title: str
    caption: str
    path: str


def shown_figures(paths: Sequence[str | Path]) -> list[Shown]:
    """Figures in the order of their captions; the ending of a name is the class or the label."""
    found = []
    for stem, (title, caption) in _CAPTIONS.items():
        for path in map(Path, paths):
            kind, _, rest = path.stem.partition("_")
            if kind == stem and path.suffix == ".png":
                found.append(Shown(f"{title}{_of_what(rest)}", caption, f"../figures/engines/{path.name}"))
    return found


def _of_what(rest: str) -> str:
    """The label in plain text and the class that the name of a figure ends with."""
    label, _, kind = rest.rpartition("_")
    plain = [one.plain for one in STELLAR_LABELS if one.name == label]
    return "".join(f", {part}" for part in [*plain, kind] if part)


def contradictions(parameters: pd.DataFrame, flags: dict[str, int]) -> str:
    """How often the engines contradict each other, in words.

    Parameters
    ----------
    parameters : pandas.DataFrame
        parameters/combined.
    flags : dict
        The own flags of the engine combined.
    """
    counts = {name: int((parameters["flag"] & bit > 0).sum()) for name, bit in flags.items()}
    return (
        f"The combined estimate: of {len(parameters)} spectra the engines contradict each other in "
        f"{counts['contradicted']}, and in {counts['one_left_out']} one of them was left out; "
        f"{counts['no_valid_engine']} have no valid engine."
    )


def engine_page(
    tables: Sequence[Table], figures: Sequence[Shown], sources: Sequence[Source], more: Sequence[str], survey: str
) -> str:
    """The page as HTML.

    Parameters
    ----------
    tables : sequence of Table
    figures : sequence of Shown
    sources : sequence of Source
    more : sequence of str
        Sentences above the figures.
    survey : str
    """
    engines = [f"{one.title} ({scale_text(one.scale)})" for one in sources if one.kind == "engine"]
    notes = [f"Engines, and the scale that each is on: {', '.join(engines)}."]
    if len(engines) == 1:
        notes.append("One engine alone: it stands beside APOGEE and other catalogues; name others in parameters.also.")
    if any(one.scale == "truth" for one in sources):
        notes.append(
            "SIMULATED survey: the truth is known, and other catalogues are planted with the differences that papers "
            "print. It tests the machinery, not the science."
        )
    title = f"Parameter engines beside each other, survey {survey}"
    return rendered(
        "mstars.paper", "engines.html", tables=tables, figures=figures, notes=[*notes, *more], title=title
    )  # fmt: skip


def page_of_run(files: Mapping[str, str | Sequence[str]], survey: str) -> tuple[str, pd.DataFrame]:
    """The page, and the precision of the repeats.

    Parameters
    ----------
    files : mapping
        Inputs of the rule engines_page: table, sources, statistics, groups, figures, and scales and combined, which may
        be nothing.
    survey : str
    """
    sources, statistics = read_sources(files["sources"]), read_table(files["statistics"])
    precision = precision_of(read_table(files["table"]), engines_of(sources))
    tables = [
        engine_tables.best_table(statistics, sources, survey),
        engine_tables.snr_table(statistics, sources, survey),
        engine_tables.regions_table(statistics, sources, survey),
        engine_tables.repeats_table(precision, survey),
        engine_tables.groups_table(read_table(files["groups"]), survey),
        engine_tables.pairs_table(statistics, sources, survey),
    ]
    if files["scales"]:
        tables.insert(0, engine_tables.scales_table(read_json(files["scales"]), survey))
    more = []
    if files["combined"]:
        more.append(contradictions(read_table(files["combined"], ["flag"]), engine_info("combined").own_flags))
    tables = [table for table in tables if table.rows]
    return engine_page(tables, shown_figures(files["figures"]), sources, more, survey), precision
