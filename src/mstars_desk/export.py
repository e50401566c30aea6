"""A copy of the desk in one HTML file that needs no server: for a cluster without ports, or a reviewer far away."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from pathlib import Path

from mstars.core.errors import InputError
from mstars.files.whole import atomic_path
from mstars_desk.assets import PAGE, asset_text
from mstars_desk.queue_folder import QueueFolder

PER_FILE = 1500
"""Spectra in one file: it has about 18 MB, which a browser opens in a second."""


def export_copy(queue: QueueFolder, keys: Sequence[str], path: str | Path, per_file: int = PER_FILE) -> list[Path]:
    """Write spectra, evidence, templates and the page into HTML files that need nothing else.

    Such a page keeps decisions in the browser and gives them as a decision file (CSV).

    Parameters
    ----------
    queue : QueueFolder
    keys : sequence of str
        Which spectra, in their order.
    path : str or Path
        The file. Of more than ``per_file`` spectra the rest goes to files named ``-2``, ``-3`` and so on.
    per_file : int
        Spectra in one file at most.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        When there is nothing to export or the name doesn't end with .html.
    """
    path = Path(path)
    if path.suffix != ".html":
        raise InputError(f"--export: {path} must end with .html")
    if not keys:
        raise InputError(f"queue {queue.name}: nothing is left to decide, so there is nothing to export")
    parts = [list(keys[start : start + per_file]) for start in range(0, len(keys), per_file)]
    paths = [path] + [path.with_name(f"{path.stem}-{number}.html") for number in range(2, len(parts) + 1)]
    for target, part in zip(paths, parts, strict=True):
        with atomic_path(target) as temporary:
            temporary.write_text(_page(queue, part), encoding="utf-8")
    return paths


def _page(queue: QueueFolder, keys: list[str]) -> str:
    payloads = [queue.payload(key) for key in keys]
    names = _templates(queue, {payload["template"] for payload in payloads})
    about = queue.about() | {
        "keys": keys,
        "total": len(keys),
        "consensus": {key: queue.consensus[key] for key in keys},
        "templates": [row for row in queue.template_names if row[0] in names],
        "template_data": names,
        "copy": f"{queue.survey}-{queue.name}-{uuid.uuid4().hex[:12]}",
    }
    data = [("desk-about", about)]
    data += [(f"desk-spectrum-{number}", payload) for number, payload in enumerate(payloads)]
    data += [(f"desk-template-{number}", queue.template(name)) for number, name in enumerate(names)]
    blocks = "\n".join(
        f'<script type="application/json" id="{name}">{_as_text(value)}</script>' for name, value in data
    )
    return _inlined(asset_text(PAGE), blocks)


def _templates(queue: QueueFolder, used: set[str]) -> list[str]:
    """The templates that the spectra name, and one of each kind and subclass to compare with."""
    names, kinds = [], set()
    for name, kind, subclass in queue.template_names:
        if name in used or (kind, subclass) not in kinds:
            names.append(name)
            kinds.add((kind, subclass))
    return names


def _as_text(value) -> str:
    """JSON in which no text can end the script element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")


def _inlined(page: str, blocks: str) -> str:
    """The page with its style sheets and scripts in it, and with a policy by which nothing else can run or load."""
    scripts: list[str] = []

    def script(found: re.Match) -> str:
        source = asset_text(found.group(1))
        scripts.append(base64.b64encode(hashlib.sha256(source.encode()).digest()).decode())
        return f"<script>{source}</script>"

    def style(found: re.Match) -> str:
        return f"<style>{asset_text(found.group(1))}</style>"

    body, end = page.split("<script src=", 1)
    page = body + blocks + "\n<script src=" + end
    page = re.sub(r'<link rel="stylesheet" href="static/([\w.]+)">', style, page)
    page = re.sub(r'<script src="static/([\w.]+)"></script>', script, page)
    allowed = " ".join(f"'sha256-{digest}'" for digest in scripts)
    policy = f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{meta}', 1)
