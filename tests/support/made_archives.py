"""What tests of the archives share: the token, what a run said and left, and answers as archives give them."""

import hashlib
import json

import yaml
from places import ROOT

from mstars.archives.asked import vizier_file
from mstars.archives.dust import DOI, FILE

TOKEN = "kept+secret/0123456789"


def told(done):
    """All that a run said."""
    return done.stdout + done.stderr


def holds(folder, text):
    """Files below a folder that hold a text."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


DATA_SET, DATA_FILE, VIZIER = "/api/datasets/:persistentId", "/api/access/datafile/7", "/viz-bin/asu-tsv"
"""Paths of a Dataverse and of VizieR."""


def dataverse(folder, dust_map, **wrong):
    """A Dataverse's answers, as a lookup of a server; ``wrong`` are facts of its entry that are not the file's."""
    content = dust_map.read_bytes()
    facts = {"id": 7, "filename": FILE, "filesize": len(content), "md5": hashlib.md5(content).hexdigest()} | wrong
    other = {"id": 8, "filename": "bayestar2019.fits", "filesize": 1, "md5": "0"}
    entry = {"status": "OK", "data": {"latestVersion": {"files": [{"dataFile": other}, {"dataFile": facts}]}}}
    (folder / "entry.json").write_text(json.dumps(entry))

    def lookup(path, query):
        if path == DATA_SET:
            return folder / "entry.json" if query.get("persistentId") == f"doi:{DOI}" else None
        return dust_map if path == DATA_FILE else None

    return lookup


def vizier(folder, **tables):
    """VizieR's answers, as a lookup of a server: each table by its identifier, as rows of text with the names first.

    A table that it lacks is an answer with comments alone.
    """
    head = "#\n#   VizieR Astronomical Server vizier.cds.unistra.fr\n#INFO\t-out.max=unlimited\t\n"
    (folder / "nothing").write_text(head)
    for identifier, (names, units, *rows) in tables.items():
        dashes = ["-" * max(1, len(name)) for name in names]
        lines = ["\t".join(row) for row in (names, units, dashes, *rows)]
        text = f"{head}#RESOURCE=yCat\n#Name: {identifier}\n" + "\n".join(lines) + "\n\n"
        (folder / vizier_file(identifier)).write_text(text)

    def lookup(path, query):
        there = folder / vizier_file(query.get("-source", "nothing"))
        return None if path != VIZIER else there if there.is_file() else folder / "nothing"

    return lookup


BINARIES = "J/MNRAS/506/2269/catalog"
PAIRS = [
    ("Source1", "Source2", "R", "sepAU", "theta"),
    ("", "", "", "AU", "deg"),
    ("4000000000000000001", "4000000000000000002", "0.001", "500", "0.002"),
    ("5", "6", "0.5", "900", "0.004"),
]
"""Two pairs of El-Badry et al. (2021) as VizieR writes them; the second is a chance alignment."""


def demo_archives(lamost, tap):
    """Section acquire of config/demo_archives.yaml with the addresses of the servers that are up."""
    written = (ROOT / "config" / "demo_archives.yaml").read_text()
    servers = {"http://127.0.0.1:8090": lamost, "http://127.0.0.1:8080/tap": tap, " demo.": " mstarstest."}
    for theirs, ours in servers.items():
        assert theirs in written
        written = written.replace(theirs, ours)
    return yaml.safe_load(written)["acquire"]
