"""Bytes that a TAP service takes and sends for a spectrum: Gaia with distances, AllWISE and StarHorse, from a real one.

The service is the one of ``make test-archives``, with the tables of a finished simulated survey.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
import requests
from astropy.table import Table as FitsTable

from mstars.archives.sky import allwise_near, gaia_near
from mstars.archives.starhorse import STARHORSE, starhorse_of
from mstars.archives.tap import Patience, Table
from mstars.core.config.whole import filled
from mstars.lamost.catalogs import read_catalog
from mstars.sky.gaia import match_gaia

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "archives"))
import dachs  # noqa: E402  (a helper of the tests)

FILES = {"gaia": "gaia_dr3", "distances": "bailer_jones", "allwise": "allwise"}


class Counted(requests.Session):
    """A session that counts what passes."""

    sent = received = 0

    def send(self, request, **options):
        """Send a request, and count its body and what comes, now or when it is read."""
        answer = super().send(request, **options)
        Counted.sent += len(request.body or b"")
        if not options.get("stream"):
            Counted.received += len(answer.content)
            return answer
        read = answer.raw.read

        def counted(*arguments, **more):
            block = read(*arguments, **more)
            Counted.received += len(block or b"")
            return block

        answer.raw.read = counted
        return answer


def served(folder: Path) -> dict[str, pd.DataFrame]:
    """Tables of the survey, and a StarHorse of all its stars."""
    read = {name: FitsTable.read(folder / f"{of}.fits") for name, of in FILES.items()}
    for table in read.values():
        table.convert_bytestring_to_unicode()
    tables = {name: table.to_pandas() for name, table in read.items()}
    numbers = [column.name for column in STARHORSE if column.kind == "float"]
    star = pd.DataFrame({"source_id": tables["gaia"]["source_id"]})
    tables["starhorse"] = star.assign(**{name: 1.25 + star.index for name in numbers})
    return tables


def measure(survey: Path, spectra: int) -> dict:
    """Ask for the surroundings of some spectra, and count."""
    folder, settings, patience = survey / "sim" / "catalogs", filled({})["crossmatch"], Patience(600.0, 0.2)
    rows = read_catalog(folder / "lamost_m.fits.gz")[0].head(spectra)
    matched = match_gaia(rows, folder / "gaia_dr3.fits", folder / "bailer_jones.fits", settings)
    dachs.MOST, requests.Session = 20_000_000, Counted
    found = {"spectra": len(rows)}
    with dachs.Dachs(served(folder)) as service:
        gaia = [Table(service.url, "mstarstest.gaia", "mstarstest.distances")]
        allwise, starhorse = ([Table(service.url, f"mstarstest.{name}")] for name in ("allwise", "starhorse"))
        questions = {
            "gaia": lambda: gaia_near(rows, gaia, settings, patience),
            "allwise": lambda: allwise_near(rows, matched, allwise, settings, patience),
            "starhorse": lambda: starhorse_of(matched["source_id"], starhorse, patience),
        }
        for name, question in questions.items():
            Counted.sent = Counted.received = 0
            answer, _ = question()
            each = {"sent": Counted.sent / len(rows), "received": Counted.received / len(rows)}
            found[name] = {"rows": len(answer)} | {key: round(value) for key, value in each.items()}
    return found


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--survey", type=Path, default=ROOT / "results" / "demo", help="a finished simulated survey")
    parser.add_argument("--spectra", type=int, default=2000)
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
