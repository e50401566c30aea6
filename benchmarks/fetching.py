"""Files a second that are fetched, checked and put in their place, from a server on this machine."""

from __future__ import annotations

import argparse
import gzip
import http.server
import json
import multiprocessing
import random
import tempfile
import time
from pathlib import Path

import pandas as pd

from mstars.archives.fetch import Fetcher
from mstars.archives.lamost import fetch_spectra

CARD = b"SIMPLE  =                    T"


def serve(body: bytes, told) -> None:
    """Answer every request with the same spectrum, on a port that is told."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, -1

        def log_message(self, *_):
            pass

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_address[1])
    server.serve_forever()


def measure(files: int, downloads: int, size: int, place: str | None) -> dict:
    """Serve in a process of its own, fetch in this one."""
    body = gzip.compress(CARD + random.Random(1).randbytes(size), 1)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(body, there), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}/spectrum/fits/{{obsid}}"
    rows = pd.DataFrame({"spectrum_key": [f"k{number}" for number in range(files)], "obsid": range(files)})
    rows["planid"] = [f"P{number // 250:05d}" for number in range(files)]
    rows = rows.assign(obsdate="2014-05-06", lmjd=56783, name=[f"spec-{number}.fits.gz" for number in range(files)])
    with tempfile.TemporaryDirectory(dir=place) as folder:
        start, cpu = time.perf_counter(), time.process_time()
        manifest = fetch_spectra(rows, Path(folder), url, Fetcher(connections=downloads), downloads)
        seconds, used = time.perf_counter() - start, time.process_time() - cpu
    server.terminate()
    found = {"files": len(manifest.files), "downloads": downloads, "file_bytes": len(body)}
    return found | {"files_per_s": round(files / seconds), "files_per_cpu_s": round(files / used)}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--downloads", type=int, default=8)
    parser.add_argument("--size", type=int, default=45_000, help="bytes of a spectrum; LAMOST's have 46,000")
    parser.add_argument("--place", help="folder for the files")
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
