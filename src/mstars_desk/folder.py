"""What the desk reads of a survey: a queue's candidates, their spectra, and templates to lay over them."""

from __future__ import annotations

import base64
import functools
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.resources import resource
from mstars.core.velocities import SOURCES
from mstars.files.json_files import read_json
from mstars.files.stores import read_batch
from mstars.files.tables import read_table
from mstars.review.decisions import QUEUES, label_keys
from mstars.review.evidence import ZOOMS
from mstars.review.features import read_features
from mstars.spectra.wavelengths import DLOGLAM, LOGLAM0, air_to_vacuum
from mstars.templates.library import load_library

METHODS = {
    "LAMOST": ("LAMOST", "#000000", [6, 0]),
    "TM": ("TM", "#D55E00", [6, 3]),
    "DSAL_I": ("DSAL I", "#0072B2", [8, 3, 2, 3]),
    "DSAL_II": ("DSAL II", "#009E73", [2, 3]),
    "TML7500": ("TML7500", "#E69F00", [10, 3]),
    "DSEL": ("DSEL", "#CC79A7", [3, 5]),
}
"""Velocities that can be marked: name, colour, dashes. The columns are those of `SOURCES`."""

_GROUPS = {
    "spectrum": (
        *(("obsid", "obsid", "{}"), ("plate", "plate", "{}"), ("fiber", "fiberid", "{}"), ("date", "obsdate", "{}")),
        *(("LAMOST class", "class", "{}"), ("subclass", "subclass", "{}"), ("S/N u", "snru", "{:.1f}")),
        *(("S/N g", "snrg", "{:.1f}"), ("S/N r", "snrr", "{:.1f}"), ("S/N i", "snri", "{:.1f}")),
        ("S/N z", "snrz", "{:.1f}"),
        *((f"masked {band}", f"orp_{band}", "{:.0%}") for band in "ugriz"),
    ),
    "methods": (
        *(("queued for", "candidate_reasons", "{}"), ("consensus", "consensus_label", "{}")),
        *(("SPT", "spt_class", "{}"), ("SPT probability", "spt_prob", "{:.3f}"), ("WDM", "wdm_class", "{}")),
        *(("WDM probability", "wdm_prob", "{:.3f}"), ("dMgM", "dmgm_class", "{}")),
        *(("dMgM probability", "dmgm_prob", "{:.3f}"), ("out of distribution", "ood_score", "{:.2f}")),
        *(("ZrO", "zro_score", "{:.1f} sigma"), ("luminosity class", "luminosity_class", "{}")),
        *(("template", "tm_template", "{}"), ("TM flag", "tm_flag", "{}"), ("DSAL lines", "n_dsal1", "{}")),
    ),
    "star": (
        *(("CMD", "CMD_pos", "{}"), ("CMD reliable", "CMD_flag", "{}"), ("(BP-RP)0", "bp_rp_0", "{:.2f} mag")),
        *(("M_G", "M_G_0", "{:.2f} mag"), ("E(B-V)", "ebv", "{:.2f}"), ("G", "phot_g_mean_mag", "{:.2f} mag")),
        *(("distance", "r_med_geo", "{:.0f} pc"), ("parallax / error", "parallax_over_error", "{:.1f}")),
        *(("RUWE", "ruwe", "{:.2f}"), ("W1-W2", "W1_W2_0", "{:.2f} mag"), ("Gaia DR3", "source_id", "{}")),
        *(("Gaia RV", "radial_velocity", "{:.1f} km/s"), ("separation", "sep_arcsec", "{:.2f} arcsec")),
        *(("matched at", "match_epoch", "{}"), ("Gaia sources within radius", "n_within", "{}")),
        *(("next one at", "next_sep_arcsec", "{:.2f} arcsec"), ("its G", "next_g_mag", "{:.2f} mag")),
        *(("several spectra, one source", "many_to_one", "yes"), ("spectra of the star", "n_spectra", "{}")),
    ),
}


def known(value) -> bool:
    """Whether a value says something."""
    return value is not None and value is not pd.NA and value == value and value != ""


class QueueFolder:
    """One queue as `snakemake review` wrote it.

    Parameters
    ----------
    folder : str or Path
        ``results/{survey}/review/{queue}``.

    Raises
    ------
    InputError
        When it isn't such a folder.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).resolve()
        if not (self.folder / "desk.json").is_file() or not (self.folder / "desk.parquet").is_file():
            raise InputError(
                f"{folder}: not a queue of the review desk (no desk.json and desk.parquet): give the folder "
                "results/SURVEY/review/QUEUE, and let `snakemake review` write it first"
            )
        self.facts = read_json(self.folder / "desk.json")
        self.queue, self.survey = self.facts["queue"], self.facts["survey"]
        if self.queue not in QUEUES:
            raise InputError(f"{folder}/desk.json: no queue {self.queue!r}")
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
        """The table as plain lists: a row of a table of this width costs pandas a millisecond."""
        return {name: self.table[name].to_list() for name in self.table}

    @property
    def decisions(self) -> Path:
        """Where the workflow reads this queue's decisions: ``review/{survey}/{queue}``."""
        return self.root / "review" / self.survey / self.queue

    def __len__(self) -> int:
        return len(self.keys)

    def row(self, key: str) -> dict:
        """All that is known of a candidate; KeyError for another spectrum."""
        place = self.place[key]
        row = {name: column[place] for name, column in self._columns.items()}
        if "tm_template" not in row:
            row |= self._measured(str(row["batch"])).get(key, {})
        return row

    def _measured(self, batch: str) -> dict:
        """Velocities of a batch, where they are measured already (the queues scm and dgcm come before them)."""
        if batch not in self._batches:
            path = self.results / "rv" / "measure" / f"{batch}.parquet"
            rows = read_table(path).to_dict("records") if path.is_file() else []
            self._batches[batch] = {row["spectrum_key"]: row for row in rows if row["spectrum_key"] in self.place}
        return self._batches[batch]

    def velocities(self, row: dict) -> dict[str, list[float]]:
        """Velocity and error (null where unknown) of each method that has one, km/s."""
        found = {}
        for method, (value, error) in SOURCES.items():
            if known(row.get(value)):
                spread = row.get(error)
                found[method] = [round(float(row[value]), 2), round(float(spread), 2) if known(spread) else None]
        return found

    def forbidden(self, row: dict) -> list[str]:
        """Labels that can't be given: in queue rv, methods without a velocity."""
        if self.queue != "rv":
            return []
        have = self.velocities(row)
        return [label for label in label_keys("rv") if label in SOURCES and label not in have]

    def payload(self, key: str) -> dict:
        """Everything the page needs for one spectrum, as JSON knows it."""
        row = self.row(key)
        spectrum = read_batch(
            self.results / "spectra" / f"{row['batch']}.h5", slice(int(row["row"]), int(row["row"]) + 1)
        )
        velocities = self.velocities(row)
        place = [row.get("bp_rp_0"), row.get("M_G_0")]
        return {
            "key": key,
            "flux": packed(np.where(np.isfinite(spectrum.flux[0]), spectrum.flux[0], np.nan)),
            "bad": runs(spectrum.bad[0]),
            "evidence": {name: _said(row, entries) for name, entries in _GROUPS.items()},
            "velocities": velocities,
            "template": str(row.get("tm_template") or ""),
            "cmd": [round(float(value), 3) for value in place] if all(map(known, place)) else None,
            "consensus": str(row["consensus_label"]),
            "forbidden": self.forbidden(row),
            "same_star": self.same_star(row),
        }

    def features(self) -> dict[str, np.ndarray]:
        """What a network sees in each spectrum (rule review_features); empty where that wasn't made."""
        path = self.folder / "features.h5"
        return read_features(path) if path.is_file() else {}

    @functools.cached_property
    def _stars(self) -> dict[str, list[str]]:
        if "star_id" not in self.table:
            return {}
        named = self.table[self.table["star_id"].notna()]
        return named.groupby("star_id")["spectrum_key"].apply(list).to_dict()

    def same_star(self, row: dict) -> list[str]:
        """Other candidates of the same star in this queue."""
        others = self._stars.get(row.get("star_id"), []) if known(row.get("star_id")) else []
        return [key for key in others if key != row["spectrum_key"]][:12]

    def about(self) -> dict:
        """What the page needs once: labels with their keys, marks, methods, diagram, templates."""
        return {
            "queue": self.queue,
            "survey": self.survey,
            "total": len(self),
            "grid": [LOGLAM0, DLOGLAM],
            "labels": [[name, key, meaning] for name, (key, meaning) in label_keys(self.queue).items()],
            "marks": _marks(self.queue),
            "zooms": [[name.replace(r"$\alpha$", "\u03b1"), *limits] for name, limits in ZOOMS.items()],
            "methods": [[name, *METHODS[name]] for name in METHODS],
            "cmd": {name: self.facts[name] for name in ("stars", "dm_region", "gm_line")},
            "templates": self.template_names,
        }

    @functools.cached_property
    def _library(self):
        path = self.root / self.facts["templates"]
        return load_library(path) if path.is_file() else None

    @functools.cached_property
    def template_names(self) -> list[list[str]]:
        """Name, kind and subclass of each template, those of one kind together; empty without a library."""
        if self._library is None:
            return []
        table = self._library.table
        table = table.assign(kind=table["kind"].astype(str), subclass=table["subclass"].fillna("").astype(str))
        return table.sort_values(["kind", "subclass", "name"])[["name", "kind", "subclass"]].to_numpy().tolist()

    def template(self, name: str) -> dict:
        """A template on its own grid: ``flux`` and the log10 of its first wavelength; KeyError for an unknown one."""
        library = self._library
        rows = [] if library is None else np.flatnonzero((library.table["name"] == name).to_numpy())
        if not len(rows):
            raise KeyError(name)
        return {"name": name, "first": float(np.log10(library.wavelength[0])), "flux": packed(library.flux[rows[0]])}


def packed(flux: np.ndarray) -> dict:
    """Flux as base64 of float16 (11 bits are more than a screen shows), divided by the median of its size."""
    good = np.isfinite(flux)
    scale = float(np.median(np.abs(flux[good]))) if good.any() else 1.0
    scale = scale if scale > 0 else 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.clip(flux / scale, -6e4, 6e4).astype("<f2")
    return {"scale": scale, "data": base64.b64encode(values.tobytes()).decode()}


def runs(mask: np.ndarray) -> list[list[int]]:
    """Start and length of each run of true pixels."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [[int(start), int(stop - start)] for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _tells(value) -> bool:
    return known(value) and value is not False


def _said(row: dict, entries) -> list[list[str]]:
    return [[name, text.format(row[column])] for name, column, text in entries if _tells(row.get(column))]


def _marks(queue: str) -> list[dict]:
    """Rest wavelengths to mark, in sets that can be switched: Table 3's features, Table 5's and Table 6's lines."""
    if queue == "rv":
        table = pd.read_csv(resource("lines.csv"), comment="#")
        return [
            {"set": row.set, "name": row.line, "lower": row.wavelength, "upper": row.wavelength}
            for row in table.itertuples()
        ]
    features = pd.read_csv(resource("features.csv"), comment="#")
    found = [
        {
            "set": "features",
            "name": row.feature,
            "lower": float(air_to_vacuum(row.lower_air)),
            "upper": float(air_to_vacuum(row.upper_air)),
            "dM": row.dM,
            "gM": row.gM,
        }
        for row in features.itertuples()
    ]
    lines = pd.read_csv(resource("lines.csv"), comment="#")
    emission = lines[lines["set"] == "emission"].iloc[:5]
    return found + [
        {"set": "emission", "name": row.line, "lower": row.wavelength, "upper": row.wavelength}
        for row in emission.itertuples()
    ]
