"""Open the review desk of a queue in the browser: `mstars review results/SURVEY/review/QUEUE`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mstars.core.errors import InputError

if TYPE_CHECKING:
    from mstars_desk.session import Desk

HELP = "open the review desk of a queue: spectra by eye, a key press each"
PORT = 8765
"""First port that is tried."""

SERVER = ("starlette", "uvicorn")
"""Packages of the optional extra ``desk`` that serve the page."""

SAMP = ("pyvo",)
"""Package of the same extra that sends stars to TOPCAT."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars review``."""
    parser.add_argument("folder", metavar="FOLDER", help="results/SURVEY/review/QUEUE, as `snakemake review` writes it")
    parser.add_argument("--port", type=port_number, help=f"port (default: the first free one from {PORT} on)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; any but 127.0.0.1 lets the network in: whoever has the token, unencrypted",
    )
    parser.add_argument(
        "--export", metavar="FILE.html", help="write a copy that needs no server; its decisions download as CSV"
    )
    parser.add_argument("--most", type=int, help="with --export: at most so many spectra")
    parser.add_argument("--reviewer", help="with --export: what still waits for this reviewer (default: for anyone)")
    parser.add_argument(
        "--summary", action="store_true", help="print progress, agreement, accuracy and the changes to expect"
    )
    parser.add_argument("--samp", action="store_true", help="send stars to a running SAMP hub (TOPCAT)")


def run(arguments: argparse.Namespace) -> int:
    """Serve the page until interrupted, or write a copy of it, or print the summary.

    Raises
    ------
    InputError
        When the folder is no queue, decisions can't be written, or the packages of the extra ``desk`` are missing.
    """
    if not (arguments.summary or arguments.export):
        check_installed(*SERVER, *(SAMP if arguments.samp else ()))
    from mstars_desk.agreement import summary_text  # loads numpy and pandas
    from mstars_desk.blind_spectra import read_blind_spectra
    from mstars_desk.queue_folder import QueueFolder
    from mstars_desk.session import Desk

    queue = QueueFolder(arguments.folder)
    check_writable(queue.decisions)
    desk = Desk(queue, read_blind_spectra(queue))
    if arguments.summary:
        print(summary_text(desk.votes, desk.schedule.order))
        return 0
    return export(desk, arguments) if arguments.export else serve(desk, arguments)


def check_installed(*packages: str) -> None:
    """Refuse to start without these packages.

    Raises
    ------
    InputError
        Names those that are missing.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        needed = " ".join(missing)
        raise InputError(f"the page needs packages of the extra `desk` that are not installed: pip install {needed}")


def check_writable(folder: Path) -> None:
    """Refuse to start where decisions can't be saved."""
    try:
        (folder / "desk").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{folder}: decisions can't be written there ({error})") from None


def export(desk: Desk, arguments: argparse.Namespace) -> int:
    """Write the spectra that still wait for a decision as HTML files."""
    from mstars_desk.export import export_copy
    from mstars_desk.journal import reviewer_name

    reviewer = None if arguments.reviewer is None else reviewer_name(arguments.reviewer)
    queue, keys = desk.queue, desk.schedule.waiting(reviewer)[: arguments.most]
    for path in export_copy(queue, keys, arguments.export):
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    print(f"{len(keys)} spectra; put the CSV that the page gives into {queue.decisions}")
    return 0


def serve(desk: Desk, arguments: argparse.Namespace) -> int:
    """Serve the page until interrupted."""
    import uvicorn

    from mstars_desk.lock import Lock
    from mstars_desk.server import Page, kept_token

    queue, sender = desk.queue, None
    listener = listen(arguments.host, arguments.port)
    port = listener.getsockname()[1]
    address = f"http://{arguments.host}:{port}/"
    lock = Lock(
        queue.decisions / "desk" / "server.lock", {"pid": os.getpid(), "host": socket.gethostname(), "address": address}
    )
    token = kept_token(queue.decisions / "desk" / "token")
    if arguments.samp:
        from mstars_desk.samp import Sender

        sender = Sender(queue, desk.blind_spectra.queue)
    page = Page(desk, token, sender.send if sender else None)
    print(f"queue {queue.name} of survey {queue.survey}: {len(queue)} spectra; decisions go to {queue.decisions}")
    if arguments.host not in ("127.0.0.1", "localhost"):
        print(f"WARNING: listening on {arguments.host}: the connection is not encrypted", file=sys.stderr)
    print(f"{address}?token={token}", flush=True)
    hosts = ["127.0.0.1", "localhost", arguments.host] if arguments.host != "0.0.0.0" else ["*"]
    server = uvicorn.Server(uvicorn.Config(page.app(hosts), log_level="warning", access_log=False))
    try:
        server.run(sockets=[listener])
    finally:
        lock.release()
        if sender:
            sender.close()
    return 0


def port_number(text: str) -> int:
    """A port of the command line.

    Raises
    ------
    argparse.ArgumentTypeError
        No number from 0 to 65535.
    """
    if not (text.isascii() and text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port, a number from 0 to 65535")
    return int(text)


def listen(host: str, port: int | None) -> socket.socket:
    """A listening TCP socket on the port, or on the first free one from `PORT` on.

    Raises
    ------
    InputError
        When the port can't be used.
    """
    tried = [port] if port is not None else list(range(PORT, PORT + 100))
    for number in tried:
        # asyncio sets TCP_NODELAY only where the protocol is named; without it each answer takes 40 ms longer
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(64)
            return listener
        except OSError as error:
            listener.close()
            problem = error
    raise InputError(f"--port: {host}:{tried[-1]} can't be used ({problem}); choose another")
