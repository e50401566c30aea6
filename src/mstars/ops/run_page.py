"""results/{survey}/index.html: what the run made, on one page that works offline."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pandas as pd
import yaml

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.files.pages import rendered
from mstars.files.whole import atomic_path


def summary(catalog: pd.DataFrame, n_non_m: int, n_rejected: int) -> list[tuple[str, str]]:
    """Name and value of the page's first table."""
    rows = [("spectra in the recommended catalogue", f"{len(catalog):,}")]
    for kind in LUMINOSITY_CLASSES:
        own = catalog[catalog["luminosity_class"] == kind]
        good = int((own["parameter_flag"] == 1).sum())
        rows.append((f"of them {kind}", f"{len(own):,}, {good:,} with recommended parameters"))
    velocities = int((catalog["rv_flag"] == 1).sum())
    rows.append(("with recommended velocity", f"{velocities:,}"))
    reviewed = int((catalog["review_status"] == "reviewed").sum()) if "review_status" in catalog else 0
    rows.append(("reviewed by a person", f"{reviewed:,}"))
    return [*rows, ("not of M stars", f"{n_non_m:,}"), ("rejected files", f"{n_rejected:,}")]


def figure_entries(files: Iterable[str | Path], captions: Path, folder: Path) -> list[dict[str, str]]:
    """The figures among files, as the page shows them.

    Parameters
    ----------
    files : iterable of path
        Those that end in ``.png`` are shown, in order of their paths; the same picture as PDF lies beside each.
    captions : Path
        Folder of the report's captions, ``{figure}.rst`` or ``{second word of the figure's name}.rst``.
    folder : Path
        Where the page is.

    Returns
    -------
    list of dict
        name, png and pdf (relative to the page), caption ("" where there is none).
    """
    entries = []
    for path in sorted(map(Path, files)):
        if path.suffix != ".png":
            continue
        words = path.stem.split("_")
        names = (f"{path.stem}.rst", f"{words[1]}.rst" if len(words) > 1 else "")
        found = [captions / name for name in names if name and (captions / name).is_file()]
        caption = " ".join(found[0].read_text().replace("``", "").split()) if found else ""
        png = path.relative_to(folder)
        entries.append({"name": path.stem, "png": str(png), "pdf": str(png.with_suffix(".pdf")), "caption": caption})
    return entries


def by_folder(files: Iterable[str | Path], folder: Path) -> dict[str, dict[str, list[str]]]:
    """Paths relative to ``folder``, by the folder they are in and the name without suffix, in the order given."""
    folders: dict[str, dict[str, list[str]]] = {}
    for path in (PurePosixPath(Path(file).relative_to(folder)) for file in files):
        folders.setdefault(str(path.parent), {}).setdefault(path.stem, []).append(str(path))
    return folders


def write_page(path: str | Path, *, survey: str, simulated: bool, config: dict, **content) -> None:
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
    **content
        summary (pairs), provenance (`mstars.ops.provenance`), files (`by_folder`, relative to the page), figures (by
        heading: `figure_entries`), scorecard and recipes (rows of cells, the head first; none: not shown).
    """
    shown = yaml.safe_dump(json.loads(json.dumps(config)), sort_keys=False)
    page = rendered("mstars.ops", "run_page.html", survey=survey, simulated=simulated, config=shown, **content)
    with atomic_path(path) as temporary:
        temporary.write_text(page)
