"""Time and memory of the rules that read a whole release's files and stores, at the length of DR10.

Run from a repository with a finished demo: ``PYTHONPATH=src python benchmarks/release.py plan`` (or ``files``, or
``rv_remeasure``). The demo is repeated until it has ``--rows`` candidates; the real rules run on it.

``plan``: LAMOST's catalogues with new plates, obsids and places, and a tree of one folder a plate, in which each
spectrum is a hard link to the demo's own file. Then a second start of Snakemake, which looks whether the tree changed.
``files``: the plan of such a tree as a plain folder, where each file's header is read.
``rv_remeasure``: a store for each copy of the demo, which shows the demo's pixels under new keys.

``--folder`` must be on the disk of the demo, for the links; what is made there is removed. ``plan`` of 876,134
candidates takes 1.6 million links and 1 GB. The last line is one JSON object.
"""

import argparse
import gzip
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from astropy.io import fits
from figures import DEMO, MADE, repeated, snakemake, used

from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.lamost.names import Identity

PARTS = 6
"""Plates that the spectrographs of one of the demo's make: 175 candidates each, as in DR10."""
CATALOGUES = {"m_catalog": "m", "general_catalog": "general", "afgk_catalog": "afgk", "wd_catalog": "wd"}
PLATES_PER_BATCH = 20
SURVEY = Path("results/release")
PLAN = str(SURVEY / "plan/plan.parquet")
PIXELS = ("flux", "ivar", "ormask")


def with_new_names(rows: np.ndarray, copy: int) -> np.ndarray:
    """Rows of one of LAMOST's catalogues as spectra of other plates, nights and places."""
    wide = [(name, "S24" if name == "planid" else rows.dtype[name]) for name in rows.dtype.names]
    rows = rows.astype(wide)
    part = np.char.mod("%d", (rows["spid"].astype(int) - 1) % PARTS)
    rows["planid"] = np.char.add(np.char.add(rows["planid"], f"C{copy:03d}P".encode()), part.astype("S1"))
    rows["obsid"] += copy * 10**9
    rows["gaia_source_id"] += copy * 10**7
    for name in ("lmjd", "mjd"):
        rows[name] += copy
    days = rows["obsdate"].astype("U10").astype("datetime64[D]") + copy
    rows["obsdate"] = days.astype("S10")
    for name in ("ra", "ra_obs"):
        rows[name] = (rows[name] + 1.7 * copy) % 360
    return rows


def write_catalogues(place: Path, copies: int) -> dict[str, str]:
    """The demo's catalogues, repeated; their paths by the names that the config has for them."""
    paths = {}
    for key, name in CATALOGUES.items():
        own = np.array(fits.getdata(DEMO / f"sim/catalogs/lamost_{name}.fits.gz", 1))
        rows = np.concatenate([with_new_names(own, copy) for copy in range(copies)])
        paths[key] = str(place / f"{name}.fits.gz")
        with gzip.open(paths[key], "wb", compresslevel=1) as file:
            fits.BinTableHDU(rows).writeto(file)
    return paths


def link_files(root: Path, copies: int, at_most: int) -> int:
    """A tree of links to the demo's files, a folder a plate; the number of links."""
    own = np.array(fits.getdata(DEMO / "sim/catalogs/lamost_general.fits.gz", 1))
    originals = [_path(DEMO / "sim/fits", row) for row in own]
    number = 0
    number = 0
    for copy in range(copies):
        made = set()
        for original, row in zip(originals, with_new_names(own, copy), strict=True):
            if number == at_most:
                return number
            path = _path(root, row)
            if (folder := os.path.dirname(path)) not in made:
                os.makedirs(folder, exist_ok=True)
                made.add(folder)
            os.link(original, path)
            number += 1
    return number


def _path(root: Path, row: np.void) -> str:
    """Where a release has the file of a catalogue's row."""
    plan = row["planid"].decode()
    name = Identity(int(row["lmjd"]), plan, int(row["spid"]), int(row["fiberid"])).stem
    return f"{root}/{row['obsdate'].decode().replace('-', '')}/{plan}/{name}.fits.gz"


def run(place: Path, config: dict, target: str) -> dict:
    """What the rule of a target takes, Snakemake's own seconds in it."""
    (place / "overlay.json").write_text(json.dumps(config))
    command = snakemake(place, "--quiet", "all", "--allowed-rules", "plan", "rv_remeasure", "--", target)
    command.insert(command.index("--configfile") + 2, str(place / "overlay.json"))
    return used(command)


def plan(place: Path, rows: int) -> dict:
    """The plan of a release by its catalogues."""
    copies = copies_of(DEMO / "plan/m_catalog_v0.parquet", rows)
    release = write_catalogues(place, copies) | {"spectra": str(place / "tree")}
    links = link_files(place / "tree", copies, -1)
    config = {"survey": {"name": SURVEY.name, "kind": "release"}, "release": release}
    config["plan"] = {"plates_per_batch": PLATES_PER_BATCH}
    first, again = (run(place, config, PLAN) for _ in range(2))
    return facts_of_plan(place) | {"links": links, "plan": first, "second_start": again}


def files(place: Path, rows: int) -> dict:
    """The plan of a folder of files."""
    copies = copies_of(DEMO / "plan/plan.parquet", rows) + 1
    links = link_files(place / "tree", copies, rows)
    config = {"survey": {"name": SURVEY.name, "kind": "files"}, "files": {"spectra": str(place / "tree")}}
    result = run(place, config, PLAN)
    return facts_of_plan(place) | {"links": links, "plan": result}


def facts_of_plan(place: Path) -> dict:
    """Lengths of the tables that a plan has made."""
    names, made = {"candidates": "m_catalog_v0", "training": "class_catalog", "rejected": "rejected"}, place / SURVEY
    return {key: len(read_table(made / f"plan/{name}.parquet", ["spectrum_key"])) for key, name in names.items()}


def repeat_store(target: Path, sources: list[Path], prefix: str) -> None:
    """A store that shows the pixels of others under new keys: a virtual data set takes no room on the disk."""
    target.parent.mkdir(exist_ok=True)
    with h5py.File(target, "w") as file:
        opened = [h5py.File(source) for source in sources]
        file.attrs.update(opened[0].attrs)
        file["wavelength"] = opened[0]["wavelength"][:]
        file["spectrum_key"] = np.concatenate([np.char.add(prefix.encode(), one["spectrum_key"][:]) for one in opened])
        for name in PIXELS:
            parts = [one[name] for one in opened]
            layout = h5py.VirtualLayout((sum(map(len, parts)), parts[0].shape[1]), parts[0].dtype)
            start = 0
            for part in parts:
                layout[start : start + len(part)] = h5py.VirtualSource(part)
                start += len(part)
            file.create_virtual_dataset(name, layout)


def rv_remeasure(place: Path, rows: int) -> dict:
    """Velocities of the rv candidates from a store for each copy."""
    copies, made = copies_of(DEMO / "plan/m_catalog_v0.parquet", rows), place / SURVEY
    plan = repeated(read_table(DEMO / "plan/plan.parquet"), copies, 0)
    plan["batch"] = "copy" + plan["spectrum_key"].str[:5]
    write_table(plan, made / "plan/plan.parquet")
    write_table(repeated(read_table(DEMO / "rv/selection.parquet"), copies, 0), made / "rv/selection.parquet")
    for name in ("m_catalog_v0.parquet", "class_catalog.parquet", "rejected.parquet", "cells.parquet", "cells.json"):
        shutil.copy2(DEMO / "plan" / name, made / "plan" / name)
    counts = plan.groupby("batch").size()
    facts = {batch: {"n_spectra": int(number), "digest": ""} for batch, number in counts.items()}
    write_json(facts, made / "plan/batches.json")
    sources = [path.resolve() for path in sorted((DEMO / "spectra").glob("*.h5"))]
    for batch in counts.index:
        repeat_store(made / f"spectra/{batch}.h5", sources, batch.removeprefix("copy"))
    (place / "results/templates").mkdir()
    shutil.copy2("results/templates/library.h5", place / "results/templates/library.h5")
    link_files(place / "tree", 1, 1)
    for path in (place / "results").rglob("*"):
        os.utime(path, (MADE, MADE))
    config = {"survey": {"name": SURVEY.name, "kind": "files"}, "files": {"spectra": str(place / "tree")}}
    result = run(place, config, str(SURVEY / "rv/remeasure.parquet"))
    measured = read_table(made / "rv/remeasure.parquet", ["spectrum_key"])
    return {"candidates": len(measured), "stores": len(counts), "spectra": int(counts.sum()), "rv_remeasure": result}


def copies_of(table: Path, rows: int) -> int:
    """How often the demo is repeated."""
    return max(1, round(rows / len(read_table(table, ["spectrum_key"]))))


RULES = {"plan": plan, "files": files, "rv_remeasure": rv_remeasure}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rule", choices=RULES)
    parser.add_argument("--rows", type=int, default=876_134, help="candidates; of `files` the files")
    parser.add_argument("--folder", type=Path, default=Path("results"), help="a folder on the disk of the demo")
    options = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        result = RULES[options.rule](Path(folder).resolve(), options.rows)
    print(json.dumps({"rule": options.rule, **result, "minutes": round((time.perf_counter() - started) / 60, 1)}))


if __name__ == "__main__":
    main()
