"""Files damaged at random, through the plan and the ingest: crashes, the longest time of one file, and peak memory.

``python benchmarks/fuzz_reader.py [--files 20000] [--first 0] [--real FOLDER]`` reads damaged files one by one, from
fixed seeds, as the rules `plan` and `ingest_batch` read them. A file may take 2 s and the process 1 GB. With ``--real``
the files of a folder are damaged instead of made ones. The last line of its output is one JSON object. Exit status
1: a file broke a limit or raised anything but a reason. The first 50 files, which load libraries, count in no time.
"""

import argparse
import json
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "support")]

import damaged_files  # noqa
from mstars.lamost.cards import UnusableSpectrum  # noqa
from mstars.lamost.compression import decompress  # noqa
from mstars.lamost.duplicates import read_files  # noqa
from mstars.lamost.reader import read_header  # noqa
import pandas as pd  # noqa

SECONDS, BYTES = 2.0, 1e9


def look(path: Path) -> str:
    """Read one file as the workflow does; the reason it is refused with, or 'spectrum'."""
    try:
        values = read_header(path)
    except UnusableSpectrum as error:
        return str(error)
    row = {"spectrum_key": values["spectrum_key"], "filename": path.name, "path": str(path), "role": "candidate"}
    _, reasons = read_files(pd.DataFrame([row]))
    return reasons[0] or "spectrum"


def give_up(*_):
    """End a reader that hangs."""
    raise TimeoutError("longer than 20 s")


def originals_of(folder: str) -> tuple[bytes, ...]:
    """The files of a folder, plain."""
    paths = [path for path in sorted(Path(folder).rglob("*.fits*")) if path.is_file()]
    return tuple(bytes(decompress(path.read_bytes())) for path in paths)


def main() -> int:
    """Run, print the counts and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--real")
    options = parser.parse_args()
    if options.real:
        real = originals_of(options.real)
        damaged_files.originals = lambda: real
    signal.signal(signal.SIGALRM, give_up)
    times, found, broken = np.zeros(options.files), Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.files):
            seed = options.first + number
            path = Path(folder, f"spec-56000-FUZZ_sp01-{seed % 900 + 1:03d}.fits.gz")
            path.write_bytes(damaged_files.damaged(seed))
            signal.alarm(20)
            start = time.perf_counter()
            try:
                found[look(path).partition(":")[0][:40]] += 1
            except Exception as error:  # what the fuzz is after
                broken.append((seed, f"{type(error).__name__}: {error}"[:200]))
            times[number] = time.perf_counter() - start
            signal.alarm(0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for reason, count in found.most_common():
        print(f"{count:7d}  {reason}")
    for seed, error in broken:
        print(f"seed {seed}: {error}")
    result = {
        "files": options.files,
        "broken": len(broken),
        "spectra": found["spectrum"],
        "seconds": round(times.sum(), 1),
        "slowest_seed": int(options.first + 50 + times[50:].argmax()),
        "slowest_s": round(times[50:].max(), 3),
        "peak_mb": round(peak / 1e6),
    }
    print(json.dumps(result))
    return int(bool(broken) or result["slowest_s"] > SECONDS or peak > BYTES)


if __name__ == "__main__":
    sys.exit(main())
