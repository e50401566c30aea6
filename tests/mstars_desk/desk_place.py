"""A small queue as `snakemake review` writes it, a desk for it, and a server in a process of its own."""

import itertools
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import requests

from mstars.files.json_files import write_json
from mstars.files.stores import write_batch
from mstars.files.tables import write_table
from mstars.review.evidence import desk_facts, with_evidence
from mstars.review.queues import export_queue
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.session import Desk

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<img src=x onerror=document.title='owned'>"
SETTINGS = {
    "max_pictures": 0,
    "order": "priority",
    "reviewers": [],
    "overlap": 0.0,
    "audit": 0.0,
    "calibration": {"share": 0.0, "survey": None},
    "active": {"after": None, "every": 50},
}


def spectra(keys) -> SpectrumSet:
    """Spectra with bands and lines: a slope, a hundred angstrom of CaH, K I, noise."""
    wave = lamost_wavelength()
    random = np.random.default_rng(1)
    shape = 0.2 + (wave / 9000.0) ** 3 - 0.2 * ((wave > 6946) & (wave < 7050))
    shape = shape - 0.15 * np.exp(-0.5 * ((wave - 7667.0) / 4) ** 2)
    flux = (shape * 1000 + random.normal(0, 30, (len(keys), N_PIXEL))).astype("f4")
    mask = np.zeros(flux.shape, np.uint8)
    mask[:, 1500:1520] = 8
    return SpectrumSet(flux, np.full_like(flux, 1e-3), mask, wave, np.asarray(keys, dtype=str))


def make_queue(root: Path, queue="rv", count=40, keys=None, **changes) -> Path:
    """Write a queue of ``count`` spectra under ``root`` and return its folder; ``changes`` go into the settings."""
    keys = keys or [f"56000-HD{number:04d}-sp01-{number % 250 + 1:03d}" for number in range(count)]
    count, results = len(keys), root / "results" / "demo"
    table = pd.DataFrame({"spectrum_key": keys, "priority": np.arange(count, 0, -1.0), "candidate_reasons": "tm_dsal"})
    table["consensus_label"] = np.where(np.arange(count) % 2, "TM", "LAMOST") if queue == "rv" else "M"
    table["lamost_rv"], table["lamost_rv_err"] = 20.0, 5.0
    table["rv_tm"], table["rv_tm_err"], table["tm_template"] = -30.0, 3.0, "none"
    table["rv_dsal1"], table["rv_dsal2"] = np.nan, 10.0
    header = pd.DataFrame({"spectrum_key": keys})
    stored = spectra(keys)
    write_batch(results / "spectra" / "b.h5", stored, header, pd.DataFrame({"reason": []}))
    catalog = header.assign(obsid=range(count), subclass=["dM2"] * (count - 1) + [HOSTILE], snri=30.0, snrg=5.0)
    photometry = header.assign(
        CMD_flag=1, CMD_pos="dM", bp_rp_0=np.linspace(1, 3, count), M_G_0=np.linspace(5, 11, count)
    )
    stars = header.assign(star_id=[str(number // 2) for number in range(count)], n_within=2)
    stars["next_sep_arcsec"], stars["next_g_mag"] = 1.5, 17.25
    index = header.assign(batch="b", row=range(count))
    folder = results / "review" / queue
    folder.mkdir(parents=True)
    settings = {**SETTINGS, **changes}
    table = export_queue(queue, table, folder / "queue.csv", folder / "template.csv", settings)
    write_table(with_evidence(table, [catalog, photometry, stars, index]), folder / "desk.parquet")
    facts = {
        "queue": queue,
        "survey": "demo",
        "seed": 1,
        "templates": "none.h5",
        "models": "models",
        "settings": settings,
    }
    write_json(facts | desk_facts(photometry, "ordered"), folder / "desk.json")
    return folder


def desk_of(folder, *more, **options):
    return Desk(QueueFolder(folder), *more, **options)


REQUESTS = itertools.count()
"""Every request has a name of its own."""


def say(desk, reviewer, key, label="TM", **more):
    return desk.decide(reviewer, [{"key": key, "label": label, **more}], f"{reviewer}{key}{label}{next(REQUESTS)}")


def decide_all(desk, reviewer, label, most=10_000, chunk=4):
    """Decide what comes, with ``label(key)``, until nothing comes or ``most`` are decided."""
    count = 0
    while count < most and (keys := desk.next(reviewer, chunk)[: most - count]):
        desk.decide(reviewer, [{"key": key, "label": label(key)} for key in keys], f"{reviewer}{keys[0]}")
        count += len(keys)


OTHER = {"TM": "LAMOST", "LAMOST": "TM"}
"""In queue rv: the label that contradicts the consensus."""


def truth(queue, change):
    """A reviewer who contradicts the consensus where ``change`` says so."""
    return lambda key: OTHER[queue.consensus[key]] if change[key] else queue.consensus[key]


def files(desk):
    return sorted(desk.queue.decisions.glob("*.csv"))


@dataclass
class Server:
    """`mstars review` in a process of its own."""

    process: subprocess.Popen
    url: str
    folder: Path

    @property
    def base(self) -> str:
        return self.url.split("?")[0]

    @property
    def token(self) -> str:
        return self.url.split("token=")[1]

    @property
    def decisions(self) -> Path:
        return self.folder.parents[3] / "review" / "demo" / self.folder.name

    def ask(self, path, body=None, token=None, **extra):
        headers = {"X-Desk-Token": self.token if token is None else token} | extra.pop("headers", {})
        if body is None:
            return requests.get(self.base + path, headers=headers, timeout=20, **extra)
        return requests.post(self.base + path, json=body, headers=headers, timeout=20, **extra)

    def kill(self):
        """As the kernel would: no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def command(folder, *arguments):
    return [sys.executable, "-m", "mstars.ops.cli", "review", str(folder), *map(str, arguments)]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
