"""What the desk reads of a survey: a queue's candidates, their spectra, and templates to lay over them."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from mstars.core.errors import InputError
from mstars.core.velocities import SOURCES
from mstars.files.json_files import read_json
from mstars.files.stores import read_batch
from mstars.files.tables import read_table
from mstars.review.decisions import QUEUES, label_keys
from mstars.review.evidence import known
from mstars.review.network_features import read_network_features
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0
from mstars.templates.library import load_library
from mstars_desk.display import BOXES, marked, methods, packed, runs, said, zooms

MOST_OF_A_STAR = 12
"""Other candidates of the same star that the page names, at most."""


class QueueFolder:
    """One queue as `snakemake review` wrote it.

    Parameters
    ----------
    folder : str or Path
        ``results/{survey}/review/{queue}``.

    Attributes
    ----------
    name : str
        scm, dgcm, rv or random.
    survey : str
    facts, settings : dict
        ``desk.json``, and the config section ``review`` in it.
    table : pandas.DataFrame
        ``desk.parquet``: candidates with their evidence, in the queue's order.
    keys : list of str
        Their spectrum_keys.
    place : dict of str to int
        Row of each key.
    consensus : dict of str to str
        Consensus label of each key.
    results, root : Path
        ``results/{survey}``, and the folder that holds ``results``.

    Raises
    ------
    InputError
        When the folder is no such queue.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).resolve()
        if not (self.folder / "desk.json").is_file() or not (self.folder / "desk.parquet").is_file():
            raise InputError(
                f"{folder}: not a queue of the review desk (no desk.json and desk.parquet). Name a folder "
                "results/SURVEY/review/QUEUE; `snakemake review` writes it"
            )
        self.facts = read_json(self.folder / "desk.json")
        self.name, self.survey = self.facts["queue"], self.facts["survey"]
        if self.name not in QUEUES:
            raise InputError(f"{folder}/desk.json: unknown queue {self.name!r}; the queues are {', '.join(QUEUES)}")
        self.settings = self.facts["settings"]
        self.results = self.folder.parents[1]
        self.root = self.folder.parents[3]
        self.table = read_table(self.folder / "desk.parquet")
        self.keys = self.table["spectrum_key"].to_list()
        self.place = {key: number for number, key in enumerate(self.keys)}
        self._batches: dict[str, dict] = {}
        self.consensus = dict(zip(self.keys, self.table["consensus_label"].astype(str), strict=True))

    @functools.cached_property
    def _columns(self) -> dict[str, list]:
        """The table as plain lists. Pandas needs a millisecond for a row of so wide a table."""
        return {name: self.table[name].to_list() for name in self.table}

    @property
    def decisions(self) -> Path:
        """Where the workflow reads this queue's decisions: ``review/{survey}/{queue}``."""
        return self.root / "review" / self.survey / self.name

    def __len__(self) -> int:
        return len(self.keys)

    def row(self, key: str) -> dict:
        """All columns of a candidate; a KeyError for any other spectrum."""
        place = self.place[key]
        row = {name: column[place] for name, column in self._columns.items()}
        if "tm_template" not in row:
            row |= self._measured(str(row["batch"])).get(key, {})
        return row

    def _measured(self, batch: str) -> dict:
        """Measured velocities of a batch's candidates; empty before the workflow has measured them."""
        if batch not in self._batches:
            path = self.results / "rv" / "measure" / f"{batch}.parquet"
            rows = read_table(path).to_dict("records") if path.is_file() else []
            self._batches[batch] = {row["spectrum_key"]: row for row in rows if row["spectrum_key"] in self.place}
        return self._batches[batch]

    def velocities(self, row: dict) -> dict[str, list[float]]:
        """Velocity and error, km/s, of each method that has a velocity; an unknown error is None."""
        found = {}
        for method, (value, error) in SOURCES.items():
            if known(row.get(value)):
                spread = row.get(error)
                found[method] = [round(float(row[value]), 2), round(float(spread), 2) if known(spread) else None]
        return found

    def forbidden(self, row: dict) -> list[str]:
        """Labels that can't be given: in queue `rv`, those of methods without a velocity."""
        if self.name != "rv":
            return []
        have = self.velocities(row)
        return [label for label in label_keys("rv") if label in SOURCES and label not in have]

    def payload(self, key: str) -> dict:
        """What the page shows of one candidate: flux, masked pixels, evidence, velocities, place in the CMD."""
        row = self.row(key)
        spectrum = self.spectrum(row)
        velocities = self.velocities(row)
        place = [row.get("bp_rp_0"), row.get("M_G_0")]
        return {
            "key": key,
            "flux": packed(np.where(np.isfinite(spectrum.flux[0]), spectrum.flux[0], np.nan)),
            "bad": runs(spectrum.bad[0]),
            "evidence": {box: said(row, box) for box in BOXES},
            "velocities": velocities,
            "template": str(row.get("tm_template") or ""),
            "cmd": [round(float(value), 3) for value in place] if all(map(known, place)) else None,
            "consensus": str(row["consensus_label"]),
            "forbidden": self.forbidden(row),
            "same_star": self.same_star(row),
        }

    def spectrum(self, row: dict) -> SpectrumSet:
        """The stored spectrum of a candidate, given its row."""
        first = int(row["row"])
        return read_batch(self.results / "spectra" / f"{row['batch']}.h5", slice(first, first + 1))

    def features(self) -> dict[str, np.ndarray]:
        """A network's features of each spectrum, float32 [feature]; empty where rule review_features has not run."""
        path = self.folder / "features.h5"
        return read_network_features(path) if path.is_file() else {}

    @functools.cached_property
    def _stars(self) -> dict[str, list[str]]:
        if "star_id" not in self.table:
            return {}
        named = self.table[self.table["star_id"].notna()]
        return named.groupby("star_id")["spectrum_key"].apply(list).to_dict()

    def same_star(self, row: dict) -> list[str]:
        """Other candidates of the same star in this queue, `MOST_OF_A_STAR` at most."""
        others = self._stars.get(row.get("star_id"), []) if known(row.get("star_id")) else []
        return [key for key in others if key != row["spectrum_key"]][:MOST_OF_A_STAR]

    def about(self) -> dict:
        """What the page needs once: labels with their keys, lines to mark, velocities, CMD, templates."""
        return {
            "queue": self.name,
            "survey": self.survey,
            "total": len(self),
            "grid": [LOGLAM0, DLOGLAM],
            "labels": [[name, key, meaning] for name, (key, meaning) in label_keys(self.name).items()],
            "marks": marked(self.name),
            "zooms": zooms(),
            "methods": methods(),
            "cmd": {name: self.facts[name] for name in ("stars", "dm_region", "gm_line")},
            "templates": self.template_names,
        }

    @functools.cached_property
    def _library(self):
        path = self.root / self.facts["templates"]
        return load_library(path) if path.is_file() else None

    @functools.cached_property
    def template_names(self) -> list[list[str]]:
        """Name, kind and subclass of each template, sorted by kind; empty without a library."""
        if self._library is None:
            return []
        table = self._library.table
        table = table.assign(kind=table["kind"].astype(str), subclass=table["subclass"].fillna("").astype(str))
        return table.sort_values(["kind", "subclass", "name"])[["name", "kind", "subclass"]].to_numpy().tolist()

    def template(self, name: str) -> dict:
        """A template on its own grid: its flux, and log10 of its first wavelength (vacuum, angstrom).

        Raises
        ------
        KeyError
            For an unknown template.
        """
        library = self._library
        rows = [] if library is None else np.flatnonzero((library.table["name"] == name).to_numpy())
        if not len(rows):
            raise KeyError(name)
        return {"name": name, "first": float(np.log10(library.wavelength[0])), "flux": packed(library.flux[rows[0]])}
