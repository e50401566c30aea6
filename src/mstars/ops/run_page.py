"""results/{survey}/index.html: what the run made, on one page that works offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd
import yaml
from jinja2 import Environment

from mstars.files.whole import atomic_path

TEMPLATE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ survey }}: M-type stars</title>
<style>
body { font: 16px/1.5 Georgia, serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
h1, h2, h3 { font-weight: normal } ul { columns: 20em; margin: 0; padding-left: 1.2em }
h2 { margin-top: 2em; border-bottom: 1px solid #bbb }
table { border-collapse: collapse } td, th { padding: .15em .9em .15em 0; text-align: left; vertical-align: top }
.badge { background: #E69F00; padding: .1em .6em; border-radius: .3em; font-size: .7em }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(20em, 1fr)); gap: 1.5em }
figure { margin: 0 } img { max-width: 100%; background: white } figcaption { font-size: .85em; color: #555 }
.small { font-size: .75em } code { word-break: break-all }
pre { font-size: .8em; overflow-x: auto; background: #f4f4f4; padding: 1em }
@media (prefers-color-scheme: dark) {
  body { background: #181818; color: #ddd } pre { background: #222 } figcaption { color: #aaa } a { color: #8bf }
}
</style>
<h1>{{ survey }} {% if simulated %}<span class="badge">simulated: not the sky</span>{% endif %}</h1>
<table>{% for name, value in summary %}<tr><th>{{ name }}</th><td>{{ value }}</td></tr>{% endfor %}</table>
<h2>Files</h2>
{% for folder, names in files.items() %}<h3>{{ folder }}</h3><ul>{% for name, paths in names.items() %}
<li>{{ name }}: {% for path in paths -%}
<a href="{{ path }}">{{ path.rpartition("/")[2][name|length:].lstrip(".") or name }}</a>{{ "" if loop.last else ", " }}
{%- endfor %}</li>{% endfor %}</ul>{% endfor %}
{% for heading, group in figures.items() %}<h2>{{ heading }}</h2>
<div class="figures">{% for figure in group %}
<figure><a href="{{ figure.pdf }}"><img loading="lazy" src="{{ figure.png }}" alt="{{ figure.name }}"></a>
<figcaption><b>{{ figure.name }}</b>. {{ figure.caption }}</figcaption></figure>{% endfor %}
</div>
{% endfor %}{% if scorecard %}<h2>Scorecard</h2>
<table class="small">{% for row in scorecard %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{%- endfor %}</table>{% endif %}
<h2>Provenance</h2>
<table>{% for name, value in provenance.versions.items() %}<tr><th>{{ name }}</th><td>{{ value }}</td></tr>{% endfor %}
<tr><th>spectra in the plan</th><td>{{ "{:,}".format(provenance.spectra) }}</td></tr></table>
<details><summary>Inputs and their checksums</summary>
<table class="small"><tr><th>file</th><th>bytes</th><th>sha256</th></tr>{% for input in provenance.inputs %}
<tr><td>{{ input.path }}</td><td>{{ "{:,}".format(input.bytes) }}</td><td><code>{{ input.sha256 }}</code></td></tr>
{%- endfor %}</table></details>
<details><summary>Config of this run</summary><pre>{{ config }}</pre></details>
</html>
"""


def summary(catalog: pd.DataFrame, n_non_m: int, n_rejected: int) -> list[tuple[str, str]]:
    """Name and value of the page's first table."""
    rows = [("spectra in the recommended catalogue", f"{len(catalog):,}")]
    for kind in ("dM", "gM"):
        own = catalog[catalog["luminosity_class"] == kind]
        good = int((own["parameter_flag"] == 1).sum())
        rows.append((f"of them {kind}", f"{len(own):,}, {good:,} with recommended parameters"))
    velocities = int((catalog["rv_flag"] == 1).sum())
    rows.append(("with recommended velocity", f"{velocities:,}"))
    reviewed = int((catalog["review_status"] == "reviewed").sum()) if "review_status" in catalog else 0
    rows.append(("reviewed by a person", f"{reviewed:,}"))
    return [*rows, ("not of M stars", f"{n_non_m:,}"), ("rejected files", f"{n_rejected:,}")]


def figure_entries(pictures: Sequence[str | Path], captions: Path, folder: Path) -> list[dict[str, str]]:
    """Name, paths relative to the page, and caption (the first sentence of the report's) of each figure."""
    entries = []
    for path in map(Path, pictures):
        words = path.stem.split("_")
        names = (f"{path.stem}.rst", f"{words[1]}.rst" if len(words) > 1 else "")
        found = [captions / name for name in names if name and (captions / name).is_file()]
        caption = " ".join(found[0].read_text().replace("``", "").split()) if found else ""
        png = path.relative_to(folder)
        entries.append({"name": path.stem, "png": str(png), "pdf": str(png.with_suffix(".pdf")), "caption": caption})
    return entries


def table_rows(markdown: str) -> list[list[str]]:
    """Cells of the tables in a Markdown text, head first; lines of dashes are left out."""
    lines = [line.strip() for line in markdown.splitlines() if line.strip().startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if any(cell.strip("-: ") for cell in row)]


def by_folder(paths: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Paths by the folder they are in and the name without suffix, in order."""
    folders: dict[str, dict[str, list[str]]] = {}
    for path in map(PurePosixPath, paths):
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
        heading: `figure_entries`), scorecard (`table_rows`).
    """
    shown = yaml.safe_dump(config, sort_keys=False)
    page = Environment(autoescape=True).from_string(TEMPLATE)
    with atomic_path(path) as temporary:
        temporary.write_text(page.render(survey=survey, simulated=simulated, config=shown, **content))
