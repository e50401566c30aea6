"""The desk's web server: the page, its data, and the decisions. Only those who know the token are answered."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mstars.core.errors import InputError
from mstars_desk.agreement import summary_text
from mstars_desk.assets import ASSETS, PAGE, STATIC
from mstars_desk.entries import Refused
from mstars_desk.session import Desk

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer: the page loads nothing from elsewhere, and no other page can hold it."""

MAX_BODY = 1_000_000
"""Longest request, bytes."""

MAX_ROWS = 200
"""Decisions, or keys, in one request at most."""


def kept_token(path: Path) -> str:
    """The token that the address must hold. A file that only its owner can read keeps it over a restart."""
    if path.is_file() and path.stat().st_mode & 0o077 == 0 and path.read_text().strip():
        return path.read_text().strip()
    path.unlink(missing_ok=True)
    token = secrets.token_urlsafe(18)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    return token


class Page:
    """The answers to the page's requests. Each is a method and runs in a thread.

    Parameters
    ----------
    desk : Desk
    token : str
    send : callable, optional
        Sends the star of a spectrum_key to a SAMP hub and returns a sentence for the reviewer. None: there is no hub.
    """

    def __init__(self, desk: Desk, token: str, send: Callable[[str], str] | None = None):
        self.desk, self.token, self.send = desk, token, send
        self.learning = threading.Lock()

    def app(self, hosts: list[str]) -> Starlette:
        """The application, for requests to these host names."""
        routes = [
            Route("/", self.index),
            Route("/static/{name}", asset),
            Route("/api/about", self._reader(self.about)),
            Route("/api/spectrum", self._reader(self.spectrum)),
            Route("/api/template", self._reader(self.template)),
            Route("/api/progress", self._reader(self.progress)),
            Route("/api/summary", self._reader(self.summary)),
            Route("/api/opinions", self._reader(self.opinions)),
            Route("/api/next", self._writer(self.next), methods=["POST"]),
            Route("/api/disagreements", self._reader(self.disagreements)),
            Route("/api/decide", self._writer(self.decide), methods=["POST"]),
            Route("/api/undo", self._writer(self.undo), methods=["POST"]),
            Route("/api/skip", self._writer(self.skip), methods=["POST"]),
            Route("/api/samp", self._writer(self.samp), methods=["POST"]),
        ]
        # refuses a request that came by another site's name for this machine
        guard = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts)]
        handlers = {HTTPException: _http_error}
        return Starlette(routes=routes, middleware=guard, exception_handlers=handlers)

    def _may(self, given: str) -> None:
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            raise HTTPException(403, "the address lacks the token: use the whole one that `mstars review` printed")

    async def index(self, request: Request) -> Response:
        """The page itself. The token is in its address."""
        self._may(request.query_params.get("token", ""))
        return FileResponse(STATIC / PAGE, headers=HEADERS)

    def _reader(self, answer: Callable[[dict], dict]):
        async def endpoint(request: Request) -> Response:
            self._may(request.headers.get("x-desk-token", ""))
            return await _answered(answer, dict(request.query_params))

        return endpoint

    def _writer(self, answer: Callable[[dict], dict]):
        async def endpoint(request: Request) -> Response:
            # a form on another site can't send a header of this name
            self._may(request.headers.get("x-desk-token", ""))
            body = b""
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    raise HTTPException(413, "too long")
            try:
                given = json.loads(body)
                json.dumps(given, ensure_ascii=False).encode()  # half a character (a lone surrogate) is no text
            except (ValueError, RecursionError):
                raise HTTPException(400, "not JSON") from None
            if not isinstance(given, dict):
                raise HTTPException(400, "not a JSON object")
            return await _answered(answer, given)

        return endpoint

    # what can be asked

    def about(self, given: dict) -> dict:
        """What the page needs once."""
        return self.desk.queue.about() | {
            "reviewers": sorted(self.desk.schedule.named),
            "samp": self.send is not None,
            "decisions": str(self.desk.queue.decisions),
        }

    def spectrum(self, given: dict) -> dict:
        """One spectrum with its evidence."""
        return self.desk.payload(str(given.get("key", "")))

    def template(self, given: dict) -> dict:
        """One template."""
        return self.desk.queue.template(str(given.get("name", "")))

    def progress(self, given: dict) -> dict:
        """Counts, rate, time left."""
        self.desk.refresh()
        return self.desk.progress(given.get("reviewer", ""))

    def opinions(self, given: dict) -> dict:
        """All rows about a spectrum, for the adjudicator."""
        return {"opinions": self.desk.votes.opinions(str(given.get("key", "")))}

    def next(self, given: dict) -> dict:
        """Keys of what the reviewer sees next."""
        count = min(max(int(given.get("count", 8)), 1), MAX_ROWS)
        held = [str(key) for key in given.get("held", [])]
        return {"keys": self.desk.next(given.get("reviewer", ""), count, held, alike=bool(given.get("alike")))}

    def disagreements(self, given: dict) -> dict:
        """Keys about which reviewers differ."""
        self.desk.refresh()
        with self.desk.guard:
            return {"keys": self.desk.votes.disagreements()}

    def decide(self, given: dict) -> dict:
        """Save decisions. The answer is given when they are on the disk."""
        rows = given.get("rows", [])
        if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS or not all(isinstance(r, dict) for r in rows):
            raise Refused(f"1 to {MAX_ROWS} rows are expected")
        adjudicate = bool(given.get("adjudicate"))
        request = str(given.get("request", ""))
        answer = self.desk.decide(given.get("reviewer", ""), rows, request, adjudicate=adjudicate)
        if not self.learning.locked():  # in a thread: no reviewer waits for it
            threading.Thread(target=self._learn, daemon=True).start()
        return answer

    def _learn(self) -> None:
        with self.learning:
            self.desk.learn()

    def summary(self, given: dict) -> dict:
        """Labels so far, agreement, accuracy, and the changes to expect."""
        self.desk.refresh()
        with self.desk.guard:
            return {"text": summary_text(self.desk.votes, self.desk.schedule.order)}

    def undo(self, given: dict) -> dict:
        """Take the last decision back."""
        return self.desk.undo(given.get("reviewer", ""), str(given.get("request", "")))

    def skip(self, given: dict) -> dict:
        """Put a spectrum off."""
        self.desk.skip(given.get("reviewer", ""), str(given.get("key", "")))
        return {}

    def samp(self, given: dict) -> dict:
        """Send a star to the programs at the SAMP hub."""
        if self.send is None:
            raise Refused("no SAMP hub: start `mstars review` with --samp")
        return {"said": self.send(str(given.get("key", "")))}


async def asset(request: Request) -> Response:
    """A file of the page."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404, "no such file")
    return FileResponse(STATIC / name, media_type=ASSETS[name], headers=HEADERS)


async def _answered(answer: Callable[[dict], dict], given: dict) -> Response:
    try:
        return JSONResponse(await run_in_threadpool(answer, given), headers=HEADERS)
    except KeyError:
        return JSONResponse({"error": "not in this queue"}, 404, HEADERS)
    except (Refused, InputError, ValueError, TypeError, OverflowError) as error:
        return JSONResponse({"error": str(error)}, 422, HEADERS)
    except OSError as error:  # the disk is full, for example: the page keeps the decision and sends it again
        return JSONResponse({"error": str(error)}, 507, HEADERS)


async def _http_error(request: Request, error: HTTPException) -> Response:
    return PlainTextResponse(str(error.detail), error.status_code, HEADERS)
