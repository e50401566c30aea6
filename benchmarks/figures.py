"""Speed and memory of figures, tables and comparisons at the length of DR10, and of the rules that make the catalogue.

Run from a repository with a finished demo: ``PYTHONPATH=src python benchmarks/figures.py [--rows 870000] [--cores 2]``.
The demo's tables are repeated with new keys and some noise until the recommended catalogue has so many rows; the real
rules run on them. Left out: example spectra (Figs. 7, 9, 11; they read a few spectra), the rule graph, and what rests
on trained models alone. ``--catalogue`` measures the rules over all spectra from the stores' headers to the catalogue
instead, one after the other, or those of them that ``--only`` names. Left out are ``plan`` and ``rv_remeasure``, which
read files and stores (``release.py`` measures them), and the trainings. The last line is one JSON object.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.files.stores import read_header, read_rejected, write_batch
from mstars.files.tables import read_table, write_table
from mstars.spectra.container import SpectrumSet

ROOT = Path(__file__).resolve().parents[1]
DEMO = Path("results/demo")
TABLES = (
    *(f"catalogs/{name}.parquet" for name in ("recommended", "stars", "classification", "extension")),
    *(f"catalogs/m_catalog_v{number}.parquet" for number in (1, 2, 3)),
    *(f"catalogs/non_m_catalog_v{number}.parquet" for number in (1, 2)),
    *(f"crossmatch/{name}.parquet" for name in ("photometry", "gaia", "apogee")),
    *("plan/m_catalog_v0.parquet", "rv/selection.parquet", "scm/candidates.parquet", "dgcm/candidates.parquet"),
    *(f"review/{queue}/decisions.parquet" for queue in ("scm", "dgcm", "rv")),
)
NOISE = {"teff": 20.0, "rv": 3.0, "bp_rp_0": 0.03, "W1_W2_0": 0.02, "M_G_0": 0.1, "logg": 0.03, "m_h": 0.05}
RULES = ("common", "spmm", "literature", "paper_figures", "paper_tables", "whole_survey")
WHOLE_SURVEY = (
    *("ingest_summary", "crossmatch_gaia", "crossmatch_table", "photometry", "scm_candidates", "review_resolve"),
    *("scm_apply", "dgcm_candidates", "random_candidates", "dgcm_apply", "rv_select", "rv_candidates", "rv_apply"),
    *("engine_table", "engine_quality", "quality", "recommended", "stars", "non_m", "classification", "extension"),
    "cds",
)
"""Rules over all spectra, in the order of the workflow."""
AS_THEY_ARE = ("sim", "models", "training")
MADE = 1.6e9
"""Time of change that all files get: none is newer than another, and Snakemake makes only what is missing."""
GIVEN = "CATALOG_FILES, VALIDATION_FILES, CDS_FILES = [], [], []\n"
FIGURES = (
    *("fig06_cmd", "fig10_rv_comparison", "fig13_internal_errors", "fig14_gaia_rv", "fig23_kiel"),
    *("fig24_colour_gaia", "fig25_colour_wise", "fig15_compare_laspm_dM", "fig16_compare_laspm_gM"),
    *("fig17_compare_ding2022_dM", "fig18_compare_ding2022_gM", "fig19_compare_li2021_dM"),
    *("fig20_compare_qiu2023_gM", "fig21_compare_liang2022_dM", "fig22_compare_liang2022_gM", "flow_of_counts"),
    *("sky_map", "plate_maps", "completeness", "repeat_precision", "activity"),
)


def repeated(table: pd.DataFrame, copies: int, seed: int) -> pd.DataFrame:
    """A table ``copies`` times under each other, each copy with keys, stars and noise of its own."""
    number = np.repeat(np.arange(copies), len(table))
    result = pd.concat([table] * copies, ignore_index=True)
    rng = np.random.default_rng(seed)
    for name in result:
        if name in ("spectrum_key", "best_spectrum"):
            result[name] = pd.Series(number + 60000).astype(str) + result[name].astype(str)
        elif name == "star_id":
            result[name] = result[name].astype(str) + "-" + pd.Series(number).astype(str)
        elif name == "source_id":
            result[name] = result[name].astype("Int64") + pd.Series(number * 10**7)
        elif name == "obsid":
            result[name] = result[name].astype("Int64") + pd.Series(number * 10**9)
        elif name == "ra":
            result[name] = (result[name].astype(float) + 1.7 * number) % 360
        elif name in NOISE:
            result[name] = result[name].astype(float) + rng.normal(0, NOISE[name], len(result))
    return result


def make_place(place: Path, copies: int) -> int:
    """The demo's tables, repeated, as results of a survey of that length; the number of recommended spectra."""
    (place / "src").symlink_to(ROOT / "src")
    shutil.copytree(ROOT / "config", place / "config")
    includes = "".join(f'include: "{ROOT}/workflow/rules/{name}.smk"\n' for name in RULES)
    (place / "Snakefile").write_text('configfile: "config/config.yaml"\n' + GIVEN + includes)
    rows = 0
    for seed, name in enumerate(TABLES):
        table = repeated(read_table(DEMO / name), copies, seed)
        write_table(table, place / DEMO / name)
        rows = len(table) if name == "catalogs/recommended.parquet" else rows
    for name in ("rv/selection.json", "quality/ranges.json"):
        (place / DEMO / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(DEMO / name, place / DEMO / name)
    models = place / DEMO / "models"
    shutil.copytree(DEMO / "models", models, ignore=shutil.ignore_patterns("*.safetensors"))
    (place / "results/isochrones").mkdir()
    shutil.copy2("results/isochrones/parsec.parquet", place / "results/isochrones/parsec.parquet")
    (place / DEMO / "sim/literature").mkdir(parents=True)
    for path in sorted((DEMO / "sim/literature").iterdir()):
        target = place / path
        if path.suffix == ".csv":
            repeated(pd.read_csv(path), copies, 99).to_csv(target, index=False, float_format="%.4f")
        else:
            shutil.copy2(path, target)
    return rows


def make_survey(place: Path, copies: int) -> int:
    """The demo's results with every table and every store's header repeated; the number of recommended spectra.

    The stores have one pixel: the rules that are measured read no more of them than the header.
    """
    for name in ("templates", "isochrones"):
        shutil.copytree(f"results/{name}", place / "results" / name)
    for part in AS_THEY_ARE:
        shutil.copytree(DEMO / part, place / DEMO / part)
    rows = 0
    for path in sorted(DEMO.rglob("*")):
        part, target = path.relative_to(DEMO).parts[0], place / path
        if path.is_dir() or part in (*AS_THEY_ARE, "checksums", "logs", "benchmarks", "figures", "provenance.json"):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".h5" and part == "spectra":
            repeat_store(path, target, copies)
        elif path.suffix == ".parquet":
            table = repeated(read_table(path), copies, zlib.crc32(str(path).encode()))
            write_table(table, target)
            rows = len(table) if path.name == "recommended.parquet" else rows
        else:
            shutil.copy2(path, target)
    for path in (place / "results").rglob("*"):
        os.utime(path, (MADE, MADE))
    return rows


def repeat_store(path: Path, target: Path, copies: int) -> None:
    """A store with the header and the rejected files of another one, repeated."""
    header, rejected = (repeated(read(path), copies, 0) for read in (read_header, read_rejected))
    pixel = np.zeros((len(header), 1), np.float32)
    keys = header["spectrum_key"].to_numpy(dtype=str)
    write_batch(target, SpectrumSet(pixel, pixel, pixel.astype(np.uint8), np.ones(1), keys), header, rejected)


def snakemake(place: Path, *arguments: str) -> list[str]:
    """The command of the repository's workflow in a folder."""
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--directory", place, "--cores", 1]
    command += ["--configfile", ROOT / "config" / "config.yaml"]
    return [str(word) for word in (*command, "--rerun-triggers", "mtime", "--nolock", *arguments)]


def outputs_of_rules(place: Path) -> dict[str, list[str]]:
    """The files of each rule, by Snakemake's own summary."""
    said = subprocess.run(
        snakemake(place, "--summary", "all", "cds"), check=True, capture_output=True, text=True
    ).stdout
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(said.splitlines(), delimiter="\t"):
        found.setdefault(row["rule"], []).append(row["output_file"])
    return found


MEASURE = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps([status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
"""


def used(command: list[str]) -> dict[str, float]:
    """Processor time, wall time and peak memory of a program and of those that it starts.

    A small process starts it: Linux counts to a program's peak what the process had that started it.
    """
    started = time.perf_counter()
    said = subprocess.run([sys.executable, "-c", MEASURE, *command], check=True, stdout=subprocess.PIPE, text=True)
    status, cpu, peak = json.loads(said.stdout)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return {"cpu_s": cpu, "wall_s": time.perf_counter() - started, "peak_mb": peak}


def catalogue(place: Path, copies: int, chosen: Sequence[str]) -> dict:
    """Processor time (Snakemake's own few seconds in it) and peak memory of rules over all spectra."""
    rows, rules = make_survey(place, copies), {}
    made = outputs_of_rules(place)
    for rule in chosen:
        cpu = peak = 0.0
        for name in made[rule]:
            (place / name).unlink(missing_ok=True)
        for name in made[rule]:  # one by one: Snakemake would make what lies between two of them
            if (place / name).exists():
                continue
            run = used(snakemake(place, "--quiet", "all", "--", name))
            for output in filter(Path.exists, (place / output for output in made[rule])):
                os.utime(output, (MADE, MADE))  # so that what rests on it is not made again
            cpu, peak = cpu + run["cpu_s"], max(peak, run["peak_mb"])
        rules[rule] = {"cpu_s": round(cpu, 1), "peak_mb": round(peak)}
        print(rule, rules[rule], file=sys.stderr, flush=True)
    largest = max(rules, key=lambda rule: rules[rule]["peak_mb"])
    total = round(sum(rule["cpu_s"] for rule in rules.values()), 1)
    return {"rows": rows, "cpu_s": total, "largest": largest, "rules": rules}


def measured(place: Path) -> dict[str, tuple[float, float, float]]:
    """Seconds, MB and seconds of a core of each job, from Snakemake's own benchmark files."""
    found = {}
    for path in sorted((place / DEMO / "benchmarks").rglob("*.tsv")):
        with open(path, newline="") as file:
            row = next(csv.DictReader(file, delimiter="\t"))
        numbers = (row[name] for name in ("s", "max_rss", "cpu_time"))
        found[f"{path.parent.name}/{path.stem}"] = tuple(
            0.0 if value in ("-", "NA") else float(value) for value in numbers
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=870_000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--catalogue", action="store_true", help="the rules over all spectra that make the catalogue")
    parser.add_argument("--only", nargs="+", choices=WHOLE_SURVEY, default=WHOLE_SURVEY, help="rules of --catalogue")
    options = parser.parse_args()
    copies = max(1, round(options.rows / len(read_table(DEMO / "catalogs/recommended.parquet", ["spectrum_key"]))))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if options.catalogue:
            print(json.dumps(catalogue(place, copies, options.only)))
            return
        rows = make_place(place, copies)
        targets = [str(DEMO / "figures" / f"{name}.pdf") for name in FIGURES]
        targets += [str(DEMO / "tables" / "paper_comparison.md"), str(DEMO / "tables" / "contamination.md")]
        targets += [str(DEMO / "compare" / "comparison.parquet")]
        command = [sys.executable, "-m", "snakemake", "--directory", place, "-s", place / "Snakefile"]
        command += ["--cores", options.cores, "--quiet", "all", "--", *targets]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
        started = time.perf_counter()
        subprocess.run([str(word) for word in command], check=True, env=environment)
        seconds = time.perf_counter() - started
        jobs = measured(place)
    slowest = dict(sorted(((name, round(s, 1)) for name, (s, _, _) in jobs.items()), key=lambda item: -item[1])[:6])
    memory = sorted(((mb, name) for name, (_, mb, _) in jobs.items()), reverse=True)
    largest = {name: round(mb) for mb, name in memory[:6]}
    together = round(sum(mb for mb, _ in memory[: options.cores]) / 1024, 2)
    result = {"rows": rows, "jobs": len(jobs), "cores": options.cores, "minutes": round(seconds / 60, 2)}
    result["core_minutes"] = round(sum(core for *_, core in jobs.values()) / 60, 2)
    print(json.dumps(result | {"slowest_s": slowest, "largest_mb": largest, "largest_together_gb": together}))


if __name__ == "__main__":
    main()
