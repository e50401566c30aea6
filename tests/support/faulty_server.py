"""An HTTP server that serves a folder and fails on command, and a record of what was asked of it."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LOGIN = b"<!DOCTYPE html><html><body>Please login to download</body></html>"
BROKEN = b"<html><body>Internal problem</body></html>"


class FaultyServer:
    """Serves files by path, or by ``lookup(path, query)``; ``faults[path]`` is a list of what to do wrong first.

    Faults: ``busy`` (503 with Retry-After 0), ``busy_long`` (with 3600), ``error`` (500), ``drop`` (half of the body,
    then the connection ends), ``short`` (half of the body, declared as all), ``html`` (a page with status 200),
    ``login`` (a page that asks for a login), ``stale`` (a range is answered with the whole file), ``gone`` (404).
    """

    def __init__(self, folder: Path, token: str | None = None, lookup=None):
        self.folder, self.token, self.lookup = Path(folder), token, lookup
        self.open_to_all: set[str] = set()
        self.faults: dict[str, list[str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.sent = Counter()
        self.lock = threading.Lock()

    def fault_of(self, path: str) -> str:
        with self.lock:
            waiting = self.faults.get(path) or self.faults.get("*") or []
            return waiting.pop(0) if waiting else ""

    @contextmanager
    def running(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"of": self}))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    of: FaultyServer

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        with self.of.lock:
            self.of.asked.append((parts.path, self.headers.get("Range", "")))
        fault = self.of.fault_of(parts.path)
        if self.of.token is not None and parts.path not in self.of.open_to_all and query.get("token") != self.of.token:
            return self.answer(200, LOGIN, {"Content-Type": "text/html"})
        if fault in ("busy", "busy_long"):
            return self.answer(503, b"", {"Retry-After": "0" if fault == "busy" else "3600"})
        if fault in ("error", "gone"):
            return self.answer(500 if fault == "error" else 404, b"")
        if fault in ("html", "login"):
            return self.answer(200, BROKEN if fault == "html" else LOGIN, {"Content-Type": "text/html"})
        path = self.of.lookup(parts.path, query) if self.of.lookup else self.of.folder / parts.path.lstrip("/")
        if path is None or not path.is_file():
            return self.answer(404, b"not here")
        self.file(path.read_bytes(), fault)

    def file(self, body: bytes, fault: str) -> None:
        tag, start = f'"{len(body)}"', 0
        asked = self.headers.get("Range", "")
        if asked and fault != "stale" and self.headers.get("If-Range", tag) == tag:
            start = int(asked.removeprefix("bytes=").split("-")[0])
            if start >= len(body):
                return self.answer(416, b"")
        headers = {"ETag": tag, "Content-Type": "application/fits"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        body = body[start:]
        if fault == "short":
            body = body[: len(body) // 2]
        self.answer(206 if start else 200, body, headers, cut=fault == "drop")

    def answer(self, status: int, body: bytes, headers=(), cut: bool = False) -> None:
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = b"" if self.command == "HEAD" else body[: len(body) // 2] if cut else body
        with self.of.lock:  # before the first byte: a client that has the last one may ask for the count at once
            self.of.sent[urlsplit(self.path).path] += len(sent)
        self.wfile.write(sent)
        if cut:
            self.wfile.flush()
            self.close_connection = True
