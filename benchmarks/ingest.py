"""How fast LAMOST files become stores: files/s of the fast reader, of astropy, of stores written, of header reading.

``python benchmarks/ingest.py [--files 2000] [--processes 2] [--folder DIR]`` makes files of both layouts in a temporary
folder (or copies those of DIR there as often as needed), reads them once to have them in the page cache, and measures.
The last line of its output is one JSON object.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from mstars.lamost.archive import read_bytes  # noqa
from mstars.lamost.ingest import ingest_batch  # noqa
from mstars.lamost.plan import plan_files  # noqa
from mstars.lamost.compression import decompress  # noqa
from mstars.lamost.reader import read_spectrum  # noqa
from mstars.lamost.with_astropy import read_with_astropy  # noqa
from mstars.files.stores import write_batch  # noqa


def make_files(folder: Path, n: int, source: Path | None) -> None:
    """N spectra, 500 a plate; with ``source`` they are copies of its files."""
    if source is not None:
        paths = sorted(source.glob("**/*.fits.gz"))
        for number in range(n):
            path = paths[number % len(paths)]
            shutil.copyfile(path, folder / f"{number:06d}_{path.name}")
        return
    import lamost_files

    for number in range(n):
        data = lamost_files.arrays(seed=number)
        # digits as in pipeline products, so that the files compress about as real ones do
        data["flux"] = np.round(data["flux"] * np.linspace(1, 20, len(data["flux"])), 3).astype(np.float32)
        plate, fibre = divmod(number, 500)
        path = folder / f"{number:06d}.fits.gz"
        lamost_files.write(path, ("image", "coadd")[number % 2], data, PLANID=f"P{plate:03d}", FIBERID=fibre)


def rows_of(folder: Path) -> pd.DataFrame:
    """Rows of a plan for every file, also when several hold one spectrum."""
    paths = sorted(map(str, folder.iterdir()))
    keys = [read_spectrum(path).values["spectrum_key"] for path in paths]
    table = pd.DataFrame({"spectrum_key": keys, "path": paths, "role": "candidate", "plate": "p", "batch": "b"})
    return table.assign(
        filename=[Path(path).name for path in paths], obsid=pd.array([None] * len(paths), dtype="Int64")
    )


def by_astropy(path, filename):
    """The oracle as a reader of paths."""
    return read_with_astropy(decompress(read_bytes(path)), filename)


def count(rows: pd.DataFrame) -> int:
    """Ingest, without sending arrays between processes."""
    return len(ingest_batch(rows)[0])


def store(rows: pd.DataFrame, folder: str) -> int:
    """One batch from files to a new store, as the rule ingest_batch does it; its bytes."""
    path = Path(folder, f"{uuid.uuid4().hex}.h5")
    write_batch(path, *ingest_batch(rows))
    return path.stat().st_size


def least(work, clock, repeats: int = 3) -> float:
    """The least time of some repeats, seconds, by a clock of the module `time`."""
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def rate(work, n: int, repeats: int = 3) -> float:
    """Files a second of wall time."""
    return round(n / least(work, time.perf_counter, repeats), 1)


def processor_ms(work, n: int) -> float:
    """Processor time, ms a file: what other work on the machine disturbs least."""
    return round(1e3 * least(work, time.process_time) / n, 3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(options.processes) as pool:
        folder = Path(place, "fits")
        folder.mkdir()
        make_files(folder, options.files, options.folder)
        rows = rows_of(folder)
        n, paths = len(rows), list(rows["path"])
        few = list(rows[["path", "filename"]].itertuples(index=False, name=None))[: max(1, n // 5)]
        parts = [rows.iloc[part] for part in np.array_split(np.arange(n), options.processes)]
        folders = [place] * len(parts)
        list(pool.map(count, parts))
        result = {
            "files": n,
            "processes": options.processes,
            "bytes_per_file": round(sum(Path(path).stat().st_size for path in paths) / n),
            "plan_per_s": rate(lambda: plan_files(str(folder)), n, 1),
            "inflate_per_s_one_process": rate(lambda: [decompress(read_bytes(path)) for path in paths], n),
            "read_per_s_one_process": rate(lambda: [read_spectrum(path) for path in paths], n),
            "read_astropy_per_s_one_process": rate(lambda: [by_astropy(*pair) for pair in few], len(few)),
            "ingest_per_s_one_process": rate(lambda: count(rows), n),
            "ingest_per_s": rate(lambda: list(pool.map(count, parts)), n),
            "ingest_and_write_per_s": rate(lambda: list(pool.map(store, parts, folders)), n),
            "inflate_processor_ms": processor_ms(lambda: [decompress(read_bytes(path)) for path in paths], n),
            "ingest_processor_ms": processor_ms(lambda: count(rows), n),
            "ingest_and_write_processor_ms": processor_ms(lambda: store(rows, place), n),
            "store_bytes_per_spectrum": round(sum(pool.map(store, parts, folders)) / n),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
