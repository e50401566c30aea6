"""List the files that a config needs: what is there, what is fetched and from where, what is missing.

Bytes that are still to come stand in the table where they are known: of spectra from their number (0.05 MB each), of
files from what is published of them. --ask asks the archives for the sizes without fetching. Hours follow from --rate.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet

from mstars.archives.asked import FILES, catalogue_files, paper_of, vizier_file, vizier_tables, vizier_url
from mstars.archives.dust import bayestar_file
from mstars.archives.published import published
from mstars.archives.settings import fetcher
from mstars.core.config.check import checked
from mstars.core.config.files import BASE, layers_of
from mstars.core.config.whole import merged
from mstars.core.errors import InputError
from mstars.engines.registry import engine_models
from mstars.files.json_files import read_json

HELP = "the files that a config needs: there, to be fetched, or missing"
SPECTRUM_BYTES = 50_000
"""A LAMOST spectrum of low resolution, gzipped."""
ANSWER_BYTES = {"gaia": 450, "allwise": 410, "starhorse": 280}
"""What a TAP service takes and sends for a spectrum, measured by ``benchmarks/tap_bytes.py``."""


@dataclass(frozen=True)
class Need:
    """A file: the key that names it, its state (there, fetch, missing, none), where it is or is from, bytes to come.

    ``url`` is what can be asked for its size; '' where nothing can.
    """

    key: str
    state: str
    where: str
    to_come: int | None = None
    url: str = ""
    token: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars data``."""
    parser.add_argument("overlays", nargs="*", type=Path, help="as given to snakemake --configfile, in this order")
    parser.add_argument("--base", type=Path, default=Path(BASE), help="the file that is read first")
    parser.add_argument("--ask", action="store_true", help="ask the archives for sizes that are not known")
    parser.add_argument("--rate", type=float, default=5.0, metavar="MB/S", help="your connection, for the hours (5)")


def run(options: argparse.Namespace) -> int:
    """Print the table; 1 where something is missing."""
    layers = layers_of(options.base if options.base.is_file() else None, options.overlays, {})
    config = checked(merged(*(dict(layer.values) for layer in layers)), engine_models(), layers, base=str(options.base))
    found = [_asked(need, config["acquire"]) if options.ask else need for need in needs(config)]
    for line in table(found, options.rate):
        print(line)
    return int(any(need.state == "missing" for need in found))


def needs(config: Mapping) -> Iterator[Need]:
    """The files that a config needs, with their state as it is now."""
    kind, acquire = config["survey"]["kind"], config["acquire"]
    archives = Path("results", config["survey"]["name"], "archives")
    if kind == "files":
        yield _local("files.spectra", config["files"]["spectra"], "missing")
    if kind == "release":
        yield from _release(config, archives / "lamost")
    if kind == "simulated":
        yield Need("survey", "there", "the simulation makes it")
    urls = {name: (*acquire[name], "")[0] for name in ("apogee", "apogee_dr17")}
    files = {"apogee": (archives / FILES["apogee"], urls["apogee"])}
    files["dust_map"] = (archives / FILES["dust_map"], acquire["dataverse"])
    for name, path in config["external"].items():
        fetched = ("gaia" if name == "distances" else name) in acquire["fetch"]
        if kind == "simulated" and not fetched:
            continue
        local = _local(f"external.{name}", path, "missing" if path else "none")
        if local.state == "there" or not fetched:
            yield local
        elif name in files:
            yield _file(local.key, *files[name])
        elif name == "distances":
            yield Need(local.key, "fetch", "with external.gaia", 0)
        else:
            yield _by_cell(local.key, name, config, archives)
    if "apogee_dr17" in acquire["fetch"]:
        yield _file("apogee_dr17", archives / FILES["apogee_dr17"], urls["apogee_dr17"])
    if "starhorse" in acquire["fetch"]:
        yield _by_cell("starhorse", "starhorse", config, archives)
    yield from _vizier(config, archives / "vizier")
    yield _local("templates.library", config["templates"]["library"], "made")


def _vizier(config: Mapping, archives: Path) -> Iterator[Need]:
    """Tables of VizieR; a work whose identifier is not known is missing."""
    acquire = config["acquire"]
    unknown = [name for name, one in acquire["identifiers"].items() if one is None and name in acquire["fetch"]]
    for name in unknown:
        yield Need(f"acquire.identifiers.{name}", "missing", f"the table of {paper_of(name)} in VizieR")
    known = {**acquire, "fetch": [name for name in acquire["fetch"] if name not in unknown]}
    for table in vizier_tables(known, config["compare"]):
        done = _local(table.name or table.identifier, archives / f"{vizier_file(table.identifier)}.tsv", "fetch")
        url = vizier_url(acquire["vizier_url"], table.identifier, table.columns)
        yield done if done.state == "there" else Need(done.key, "fetch", url, published(table.identifier).bytes)


def _by_cell(key: str, name: str, config: Mapping, archives: Path) -> Need:
    """A catalogue by TAP: the cells that have no answer yet, or as many spectra as the release is known to have."""
    cells = archives.parent / "plan" / "cells.json"
    where = f"{(config['acquire'][name] or [{'url': 'no service'}])[0]['url']}, by cell"
    if not cells.is_file():
        spectra = published(config["acquire"]["lamost"]["m_catalog"]).rows
        return Need(key, "fetch", where, None if spectra is None else spectra * ANSWER_BYTES[name])
    facts = read_json(cells)
    left = [cell for cell in facts if not (archives / name / f"{cell}.parquet").is_file()]
    if not left:
        return Need(key, "there", str(archives / name), 0)
    to_come = sum(facts[cell]["n_spectra"] for cell in left) * ANSWER_BYTES[name]
    return Need(key, "fetch", f"{where}, {len(facts) - len(left)} of {len(facts)} there", to_come)


def _file(key: str, there: Path, url: str) -> Need:
    """A file that is fetched whole: there already, or with its published size."""
    done = _local(key, there, "fetch")
    size = published(url).bytes or published(there.name).bytes
    return done if done.state == "there" else Need(key, "fetch", url, size, url=url)


def _release(config: Mapping, archives: Path) -> Iterator[Need]:
    """The spectra and catalogues of a release."""
    release, acquire = config["release"], config["acquire"]
    local = _local("release.spectra", release["spectra"], "missing")
    fetched = "lamost" in acquire["fetch"] and local.state != "there"
    for name, file in catalogue_files(acquire["lamost"]).items():
        if not fetched or file is None:
            required = release[name] or name == "m_catalog"
            yield _local(f"release.{name}", None if fetched else release[name], "missing" if required else "none")
            continue
        done = _local(f"release.{name}", archives / file, "fetch")
        url = acquire["lamost"]["catalogue_url"].format(name=file)
        yield done if done.state == "there" else Need(done.key, "fetch", url, url=url, token=True)
    if not fetched:
        yield local
        return
    listed = archives / "spectra.parquet"
    known = published(acquire["lamost"]["m_catalog"]).rows
    n = pyarrow.parquet.read_metadata(listed).num_rows if listed.is_file() else known
    said = "an unknown number" if n is None else n if listed.is_file() else f"{n} and the training spectra"
    there = sum(1 for _ in (archives / "fits").rglob("*.fits.gz"))
    where = f"{acquire['lamost']['spectrum_url']}, {there} of {said} there"
    yield Need("release.spectra", "fetch", where, None if n is None else max(0, n - there) * SPECTRUM_BYTES)


def _local(key: str, path: str | Path | None, otherwise: str) -> Need:
    """A file that is there, or what it is otherwise."""
    if path is None or not os.path.exists(os.path.expanduser(path)):
        said = "not set: its columns stay empty" if path is None else str(path)
        return Need(key, otherwise, said)
    return Need(key, "there", str(path), 0)


def _asked(need: Need, acquire: Mapping) -> Need:
    """The same with the size that the archive tells."""
    if need.state != "fetch" or not need.url:
        return need
    through = fetcher(acquire, lamost=need.token)
    if need.url == acquire["dataverse"]:
        try:
            size = bayestar_file(need.url, FILES["dust_map"], through).bytes
        except InputError:
            size = None
    else:
        size = through.size(need.url)
    return Need(need.key, need.state, need.where, need.to_come if size is None else size)


def table(found: list[Need], rate: float) -> list[str]:
    """Lines for people: a row a file, and what is to come in all."""
    rows = [("key", "state", "MB to come", "where")]
    for need in found:
        size = "" if need.state != "fetch" else "?" if need.to_come is None else f"{need.to_come / 1e6:.1f}"
        rows.append((need.key, need.state, size, need.where))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    ]
    fetched = [need for need in found if need.state == "fetch"]
    total = sum(need.to_come or 0 for need in fetched)
    unknown = sum(need.to_come is None for need in fetched)
    missing = [need.key for need in found if need.state == "missing"]
    if fetched:
        more = f", and {unknown} of unknown size" if unknown else ""
        hours = total / 1e6 / rate / 3600
        lines.append(f"to fetch: {total / 1e9:.2f} GB{more}; {hours:.1f} hours at {rate:g} MB/s (snakemake acquire)")
    if missing:
        lines.append(f"missing: {', '.join(missing)}; give a path, or name the source in acquire.fetch (docs/data.md)")
    return lines
