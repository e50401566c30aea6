"""Files over HTTP: resumed by range, retried with growing pauses, whole or not at all."""

from __future__ import annotations

import datetime
import email.utils
import hashlib
import logging
import random
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit

import urllib3

from mstars.archives.content import asks_for_login, is_page, what_is_wrong
from mstars.archives.manifest import Manifest, Record, record_of
from mstars.archives.secret import Secret
from mstars.core.errors import InputError
from mstars.files.json_files import read_json, write_json

logger = logging.getLogger("mstars")

AGENT = "mstars (astronomical survey workflow)"
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_BLOCK = 1 << 18


class Absent(InputError):
    """The archive does not have the file."""


class Refused(InputError):
    """The archive wants a token, or another one: no other file of it will come either."""


class Trouble(Exception):
    """A fault that may pass; ``pause`` is what the server asked for, in seconds."""

    def __init__(self, said: str, pause: float | None = None):
        self.pause = pause
        super().__init__(said)


@dataclass(frozen=True)
class Wanted:
    """A file to fetch.

    Attributes
    ----------
    urls : sequence of str
        Mirrors, in the order to be tried; without a token.
    path : Path
        Where the file goes.
    kind : str
        As `mstars.archives.content.what_is_wrong` has it.
    bytes : int or None
        Of the file, where it is published; None: not checked.
    checksum : str
        ``algorithm:digits`` as published, for example ``sha1:66fe...``; '': not checked.
    """

    urls: Sequence[str]
    path: Path
    kind: str = "fits"
    bytes: int | None = None
    checksum: str = ""


class Fetcher:
    """Fetches files politely: one connection a thread, growing pauses, at most so many tries.

    Parameters
    ----------
    token : Secret or None
        Added to each URL as ``token=``, and to nothing that is written or said.
    attempts : int
        Tries of a mirror.
    pause : float
        Seconds before the second try; it doubles with each, up to ``longest``.
    longest : float
        Seconds; a longer Retry-After ends the tries of a mirror.
    timeout : float
        Seconds without a byte.
    connections : int
        Kept open to a host.
    wait : callable
        Waits so many seconds.
    """

    def __init__(
        self,
        token: Secret | None = None,
        *,
        attempts: int = 6,
        pause: float = 1.0,
        longest: float = 300.0,
        timeout: float = 60.0,
        connections: int = 8,
        wait: Callable[[float], None] = time.sleep,
    ):
        self.token, self.attempts, self.pause, self.longest = token, attempts, pause, longest
        self.timeout, self.connections, self.wait = timeout, connections, wait
        self.last_success: datetime.datetime | None = None
        self._chance = random.Random()  # of the pauses alone: nothing that is written depends on it

    @cached_property
    def _pools(self) -> dict[str, urllib3.PoolManager]:
        retries = urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5)
        options = {"maxsize": self.connections, "retries": retries, "timeout": self.timeout}
        proxies = urllib.request.getproxies()
        named = {scheme: urllib3.ProxyManager(proxies[scheme], **options) for scheme in proxies if scheme in _SCHEMES}
        return {scheme: named.get(scheme) or urllib3.PoolManager(**options) for scheme in _SCHEMES}

    def fetch(self, wanted: Wanted) -> Record:
        """Fetch a file, unless it is there already; what is under its name is always whole.

        Raises
        ------
        Absent
            No mirror has it.
        Refused
            A token is needed, or another one.
        InputError
            Each mirror failed: the last reason of each.
        """
        if wanted.path.exists():
            return record_of(wanted.path, wanted.urls[0])
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        said, absent = [], 0
        for url in wanted.urls:
            try:
                return self._from(url, wanted)
            except Absent as error:
                absent += 1
                said.append(str(error))
            except Trouble as error:
                said.append(f"{url}: {error}")
        text = self._hidden("; ".join(said))
        if absent == len(wanted.urls):
            raise Absent(text)
        last = f"; last success {self.last_success:%H:%M:%S} UTC" if self.last_success else ""
        raise InputError(f"not fetched after {self.attempts} tries: {text}{last}; run again, and it goes on from here")

    def size(self, url: str) -> int | None:
        """Bytes of a file, asked for without fetching it; None where the archive does not tell."""
        try:
            response = self._send(url, {}, "HEAD")
        except Trouble:
            return None
        told = response.headers.get("Content-Length", "")
        response.release_conn()
        page = "html" in response.headers.get("Content-Type", "")
        return int(told) if response.status == 200 and told.isdigit() and not page else None

    def _from(self, url: str, wanted: Wanted) -> Record:
        """From one mirror, try after try."""
        for attempt in range(self.attempts):
            try:
                self._once(url, wanted)
                self.last_success = datetime.datetime.now(datetime.UTC)
                return record_of(wanted.path, url)
            except Trouble as error:
                pause = min(self.pause * 2**attempt, self.longest) * self._chance.uniform(0.5, 1.5)
                pause = pause if error.pause is None else error.pause
                if attempt + 1 == self.attempts or pause > self.longest:
                    raise
                logger.info("%s: %s; again in %.1f s", url, self._hidden(str(error)), pause)
                self.wait(pause)
        raise AssertionError("unreachable")

    def _once(self, url: str, wanted: Wanted) -> None:
        """One request: what is missing of the file, and what came is checked before it gets its name."""
        part = wanted.path.with_name(f".{wanted.path.name}.part")
        facts = part.with_name(part.name + ".json")
        have, headers = _resumable(part, facts, url)
        response = self._send(url, headers)
        try:
            if response.status == 416 and have:
                _drop(part, facts)
                raise Trouble("the part that was there does not fit")
            self._refuse(response, url)
            if response.status != 206 or _first_byte(response) != have:
                have = 0
            if validator := response.headers.get("ETag") or response.headers.get("Last-Modified"):
                write_json({"url": url, "validator": validator}, facts)
            else:
                facts.unlink(missing_ok=True)
            self._read_body(response, part, have)
        finally:
            response.release_conn()
        reason = what_is_wrong(part, wanted.kind) or _other_than_published(part, wanted)
        if reason:
            _drop(part, facts)
            raise Trouble(reason)
        facts.unlink(missing_ok=True)
        part.replace(wanted.path)

    def _send(self, url: str, headers: dict, method: str = "GET"):
        full = url
        if self.token is not None:
            full += ("&" if urlsplit(url).query else "?") + "token=" + quote(self.token.reveal(), safe="")
        pool = self._pools[urlsplit(url).scheme]
        try:
            headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"} | headers
            return pool.request(method, full, headers=headers, preload_content=False, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Trouble(f"no answer ({type(error).__name__})") from None

    def _refuse(self, response, url: str) -> None:
        """Raise for an answer that is not the file."""
        status = response.status
        if status in _BUSY:
            raise Trouble(f"the server answered {status}", _retry_after(response.headers.get("Retry-After")))
        if status in (401, 403):
            raise Refused(f"{url}: {self._about_token()} (the server answered {status})")
        if status in (404, 410):
            raise Absent(f"{url}: the archive does not have it (the server answered {status})")
        if status not in (200, 206):
            raise Trouble(f"the server answered {status}")
        if "html" in response.headers.get("Content-Type", ""):
            head = response.read(1 << 16)
            if is_page(head) and asks_for_login(head):
                raise Refused(f"{url}: {self._about_token()} (a page that asks for a login came)")
            raise Trouble("a web page came instead of the file")

    def _about_token(self) -> str:
        if self.token is None:
            return "a token is needed; set the environment variable of acquire.token_variable, or acquire.token_file"
        return "the token is refused; is it of this release, and still valid?"

    def _read_body(self, response, part: Path, have: int) -> None:
        expected = response.headers.get("Content-Length")
        with open(part, "r+b" if have else "wb") as file:
            file.seek(have)
            file.truncate()
            try:
                while block := response.read(_BLOCK):
                    file.write(block)
            except (urllib3.exceptions.HTTPError, TimeoutError) as error:
                raise Trouble(f"the connection broke after {file.tell()} bytes ({type(error).__name__})") from None
            if expected is not None and file.tell() - have != int(expected):
                raise Trouble(f"{file.tell() - have} of {expected} bytes came")

    def _hidden(self, text: str) -> str:
        return text if self.token is None else self.token.hide(text)


_SCHEMES = ("http", "https")


def _resumable(part: Path, facts: Path, url: str) -> tuple[int, dict]:
    """Bytes that an earlier try left of this very file, and the headers that ask for the others."""
    try:
        known, have = read_json(facts), part.stat().st_size
    except (OSError, InputError, ValueError):
        return 0, {}
    if known.get("url") != url or not have:
        return 0, {}
    return have, {"Range": f"bytes={have}-", "If-Range": known["validator"]}


def _drop(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _first_byte(response) -> int:
    told = response.headers.get("Content-Range", "")
    try:
        return int(told.removeprefix("bytes").strip().split("-")[0])
    except ValueError:
        return -1


def _retry_after(told: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date."""
    if not told:
        return None
    if told.strip().isdigit():
        return float(told)
    try:
        when = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds())


def _other_than_published(part: Path, wanted: Wanted) -> str:
    if wanted.bytes is not None and part.stat().st_size != wanted.bytes:
        return f"it has {part.stat().st_size} bytes, {wanted.bytes} are published"
    algorithm, _, digits = wanted.checksum.partition(":")
    if not algorithm:
        return ""
    with open(part, "rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    return "" if found == digits else f"its {algorithm} is not the published one"


def fetch_one(wanted: Wanted, fetcher: Fetcher, check: Callable[[Path], None] | None = None) -> Manifest:
    """Fetch one file, and check it by what it is for.

    Parameters
    ----------
    wanted : Wanted
    fetcher : Fetcher
    check : callable, optional
        Raises an `InputError` for a file of wrong content, which is then removed.
    """
    record = fetcher.fetch(wanted)
    if check is not None:
        try:
            check(wanted.path)
        except InputError:
            wanted.path.unlink()
            raise
    return Manifest([record])
