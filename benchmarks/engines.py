"""Comparisons and the combined estimate of a survey of DR10's size: processor time and memory of each step.

``python benchmarks/engines.py [--rows 870000] [--batches 250]`` makes tables of four engines (cnn, slam, laspm, csn)
with known errors, APOGEE's labels for 40,000 spectra, three catalogues and a truth. It runs each step on them as the
rules do, the combined estimate first. Values are made; times and memory are measured. The last line of its output is
one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.catalog.columns import product_table
from mstars.catalog.engine_columns import engines_columns, engines_rows
from mstars.catalog.writers import write_product
from mstars.core.config.whole import filled
from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.engines.combined.model import ENGINE, Model, combine_batch, fit_kind
from mstars.engines.registry import engine_info, engine_models, engine_settings
from mstars.literature.engine_labels import labels_side_by_side, sources_of
from mstars.literature.engine_pairs import compare_sources
from mstars.literature.engine_scales import fit_scales, scaled_labels
from mstars.paper.figures.engine_diagrams import precision_of

ENGINES = ("cnn", "slam", "laspm", "csn")
CATALOGUES = {"starhorse": "StarHorse", "b20": "B20", "ding2022": "Ding2022"}
SIGMA = dict(zip(LABELS, (45.0, 0.06, 0.1, 0.03), strict=True))
LABELLED = 40_000


def made(rows: int, rng: np.random.Generator) -> dict:
    """Truth, catalogue, tables of the engines, APOGEE and catalogues."""
    keys = pd.Series([f"{56000 + k // 3500}-X-sp{k // 250 % 16 + 1:02d}-{k % 250 + 1:03d}-{k}" for k in range(rows)])
    ends = {"teff": (3300, 3900), "logg": (4.6, 5.1), "m_h": (-0.7, 0.3), "alpha_m": (-0.05, 0.2)}
    truth = pd.DataFrame({f"true_{label}": rng.uniform(*ends[label], rows) for label in LABELS})
    truth.insert(0, "spectrum_key", keys)
    kinds = np.where(np.arange(rows) % 17 == 0, "gM", "dM")
    catalog = pd.DataFrame(
        {"spectrum_key": keys, "luminosity_class": kinds, "rv": 0.0, "snri": rng.uniform(5, 150, rows)}
    )
    catalog = catalog.assign(star_id=np.arange(rows) // 2, obsid=np.arange(rows), missing_arm="")
    labelled = np.sort(rng.choice(rows, min(LABELLED, rows // 3), replace=False))
    tables = {}
    for name in ENGINES:
        info = engine_info(name)
        columns = {"spectrum_key": keys, "luminosity_class": kinds}
        for label in LABELS:
            given = label in info.labels
            value = (
                truth[f"true_{label}"].to_numpy() + SIGMA[label] * rng.normal(size=rows)
                if given
                else np.full(rows, np.nan)
            )
            value[~np.isin(kinds, info.kinds)] = np.nan
            out_of_fold = np.full(rows, np.nan)
            out_of_fold[labelled] = value[labelled]
            columns |= {label: value, f"{label}_err": value * 0 + 0.5 * SIGMA[label], f"{label}_oof": out_of_fold}
            columns[f"{label}_calib_err"] = value * 0 + SIGMA[label]
        flag = np.where(np.isin(kinds, info.kinds), 0, 128).astype(np.int32)
        tables[name] = pd.DataFrame(columns | {"flag": flag, "chi2": 1.0, "filled_share": 0.0})
    near = truth.iloc[labelled]
    apogee = near[["spectrum_key"]].assign(**{APOGEE_COLUMNS[x]: near[f"true_{x}"] for x in LABELS})
    others = {}
    for name in CATALOGUES:
        some = truth[rng.random(rows) < 0.5]
        others[name] = some[["spectrum_key"]].assign(**{f"{x}_catalog": some[f"true_{x}"] + SIGMA[x] for x in LABELS})
    return {
        "truth": truth,
        "catalog": catalog,
        "tables": tables,
        "apogee": apogee,
        "others": others,
        "labelled": labelled,
    }


class Clock:
    """Processor seconds and the memory's high-water mark of each step."""

    def __init__(self):
        self.steps, self.start = {}, time.process_time()

    def step(self, name: str) -> None:
        """End a step."""
        now = time.process_time()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        self.steps[name] = {"processor_s": round(now - self.start, 1), "peak_gb": round(memory, 2)}
        print(name, self.steps[name], flush=True)
        self.start = time.process_time()


def combined_table(survey: dict, batches: int) -> pd.DataFrame:
    """Fit the combined estimate, and make it batch by batch."""
    settings = engine_settings(filled({}, engine_models()), "combined")
    catalog, tables = survey["catalog"], survey["tables"]
    models, rows = {}, survey["labelled"]
    for kind in ("dM", "gM"):
        own = rows[(catalog["luminosity_class"].to_numpy()[rows] == kind)]
        labelled = catalog.iloc[own][["spectrum_key", "star_id", "snri"]].reset_index(drop=True)
        labelled["fold"] = np.arange(len(own)) % 10
        for label in LABELS:
            labelled[label], labelled[f"{label}_label_err"] = survey["truth"][f"true_{label}"].to_numpy()[own], 0.0
        given = {name: table for name, table in tables.items() if kind in engine_info(name).kinds}
        fit, _ = fit_kind(
            given, labelled, catalog[["spectrum_key", "missing_arm", "snri"]], {}, kind=kind, settings=settings
        )
        models[kind] = Model(fit, {"trained_on": "release", **ENGINE.label_limits(labelled, "all")})
    parts = []
    for some in np.array_split(np.arange(len(catalog)), batches):
        given = {name: table.iloc[some] for name, table in tables.items()}
        parts.append(combine_batch(models, given, catalog.iloc[some], settings=settings, survey_kind="release"))
    table = pd.concat(parts, ignore_index=True)
    extra = {f"{label}{end}": table[f"{label}_err"] for label in LABELS for end in ("_calib_err",)}
    return table.assign(**extra, **{f"{label}_oof": np.nan for label in LABELS})


def main() -> None:
    """Measure each step."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=870_000)
    options.add_argument("--batches", type=int, default=250)
    given = options.parse_args()
    clock = Clock()
    survey = made(given.rows, np.random.default_rng(1))
    clock.step("made tables (not counted)")
    survey["tables"]["combined"] = combined_table(survey, given.batches)
    clock.step("combined")
    engines = (*ENGINES, "combined")
    keys = survey["catalog"][["spectrum_key", "luminosity_class", "snri", "star_id"]]
    flags = keys[["spectrum_key"]].assign(parameter_flag=1)
    pairs = {name: (survey["tables"][name], flags) for name in engines}
    table = labels_side_by_side(keys, pairs, survey["apogee"], survey["others"], survey["truth"])
    sources = sources_of(engines, CATALOGUES, simulated=True)
    clock.step("labels side by side")
    statistics = compare_sources(table, sources)
    clock.step("every pair")
    scales = fit_scales(table, sources, "starhorse")
    scaled = {name: scaled_labels(name, survey["tables"][name], scales) for name in engines}
    clock.step("scales")
    precision_of(table, engines)
    clock.step("repeats")
    del table
    columns = engines_columns([engine_info(name) for name in engines], "starhorse")
    catalog = survey["catalog"][["spectrum_key", "obsid", "luminosity_class", "snri"]]
    product = product_table(engines_rows(catalog, pairs, scaled), columns)
    with tempfile.TemporaryDirectory() as folder:
        write_product(product, columns, Path(folder) / "engines.parquet")
        write_product(product, columns, Path(folder) / "engines.fits")
    clock.step("catalogue, FITS and Parquet")
    counted = [step for name, step in clock.steps.items() if "not counted" not in name]
    total = {
        "rows": given.rows,
        "pairs": len(statistics),
        "processor_s": round(sum(s["processor_s"] for s in counted), 1),
    }
    print(json.dumps(total | {"peak_gb": max(s["peak_gb"] for s in counted), "steps": clock.steps}))


if __name__ == "__main__":
    main()
