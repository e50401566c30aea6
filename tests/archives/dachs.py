"""A real TAP service on this machine, for tests: GAVO DaCHS on PostgreSQL, from Debian's packages, on loopback.

The package makes the database ``gavo`` and the user ``dachsroot``. Tables and settings of a test lie in a folder of its
own; its schema is dropped in the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pandas as pd

PACKAGES = ["postgresql", "gavodachs2-server"]
USER = "dachsroot"
UNITS = {"ra": "deg", "dec": "deg", "pmra": "mas/yr", "pmdec": "mas/yr", "parallax": "mas", "parallax_error": "mas"}
UNITS |= {f"r_{name}_geo": "pc" for name in ("med", "lo", "hi")}
UNITS |= {f"phot_{band}_mean_mag": "mag" for band in ("g", "bp", "rp")}
UNITS |= {name: "mag" for name in ("w1mpro", "w1sigmpro", "w2mpro", "w2sigmpro")}
UCDS = {"ra": "pos.eq.ra;meta.main", "dec": "pos.eq.dec;meta.main"}

SETTINGS = """\
[general]
inputsDir: {folder}
[web]
bindAddress: 127.0.0.1
serverPort: {port}
serverURL: http://127.0.0.1:{port}
maxUploadSize: {most}
"""
MOST = 60_000
"""Bytes of an upload that the service takes."""

RESOURCE = """\
<resource schema="mstarstest" resdir="mstarstest">
  <meta name="title">Tables of a simulated survey</meta>
  <meta name="description">Tables of a simulated survey</meta>
  <meta name="creationDate">2026-01-01T00:00:00Z</meta>
  <meta name="subject">stars</meta>
{tables}
</resource>
"""


class DachsError(RuntimeError):
    """No TAP service could be brought up here; the message says why."""


def missing() -> str:
    """Why no DaCHS can be brought up on this machine; empty when it can."""
    if os.geteuid() != 0:
        return "PostgreSQL and DaCHS are started as root"
    if shutil.which("dachs") is None or shutil.which("pg_ctlcluster") is None:
        return f"DaCHS is not installed (apt-get install {' '.join(PACKAGES)}, or python {__file__} install)"
    return ""


def install(seconds: float = 300.0) -> None:
    """Install Debian's packages where they are missing; where that fails the tests skip and `missing` says why."""
    if os.geteuid() != 0 or not missing() or not shutil.which("apt-get"):
        return
    _apt("update", seconds=seconds)
    for package in PACKAGES:  # the second one's set-up needs the database of the first one
        _apt("install", "-y", "--no-install-recommends", package, seconds=seconds)
        if shutil.which("pg_ctlcluster"):
            start_database()


def _apt(*command: str, seconds: float) -> None:
    network = ["-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20", "-o", "Acquire::Retries=1"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", *network, *command]
    try:
        subprocess.run(apt, env=environment, stdout=subprocess.DEVNULL, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        print(f"apt-get {command[0]} did not end within {seconds:.0f} s", file=sys.stderr)


def start_database() -> None:
    """Start PostgreSQL's clusters that are down."""
    listed = subprocess.run(["pg_lsclusters", "-h"], capture_output=True, text=True, check=False).stdout
    for version, name, _, status, *_ in (line.split() for line in listed.splitlines()):
        if status == "down":
            subprocess.run(["pg_ctlcluster", version, name, "start"], capture_output=True, check=False)


class Dachs:
    """A service with some tables, ``mstarstest.{name}``; a context manager."""

    def __init__(self, tables: dict[str, pd.DataFrame]):
        self.tables = tables
        self.folder = Path(tempfile.mkdtemp(prefix="dachs-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url, self.server = f"http://127.0.0.1:{self.port}/tap", None

    def __enter__(self) -> Dachs:
        if reason := missing():
            raise DachsError(reason)
        start_database()
        self.write_files()
        try:
            self.dachs("imp", "mstarstest/q")
            self.serve()
        except DachsError:
            self.down()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.down()

    def down(self) -> None:
        """End the server, drop the tables and remove the folder."""
        if self.server is not None and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGTERM)
            try:
                self.server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.server.pid, signal.SIGKILL)
        subprocess.run(self.command("drop", "mstarstest/q"), capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_files(self) -> None:
        data = self.folder / "mstarstest" / "data"
        data.mkdir(parents=True)
        described = []
        for name, table in self.tables.items():
            single = table.select_dtypes("float32").columns  # as doubles, so that no digit is lost
            table.astype(dict.fromkeys(single, "float64")).to_csv(data / f"{name}.csv", index=False)
            index = ' mixin="//scs#q3cindex"' if "ra" in table else ""
            columns = "".join(f"    {_column(table[column])}\n" for column in table)
            described.append(f'  <table id="{name}" onDisk="True" adql="True"{index}>\n{columns}  </table>')
            make = f'<make table="{name}"><rowmaker idmaps="*"/></make>'
            described.append(f'  <data id="import_{name}"><sources>data/{name}.csv</sources><csvGrammar/>{make}</data>')
        (self.folder / "mstarstest" / "q.rd").write_text(RESOURCE.format(tables="\n".join(described)))
        (self.folder / "gavo.rc").write_text(SETTINGS.format(folder=self.folder, port=self.port, most=MOST))
        for path in (self.folder, *self.folder.rglob("*")):
            shutil.chown(path, USER)
            path.chmod(0o755)

    def command(self, *words: str) -> list[str]:
        settings = f"GAVOSETTINGS={self.folder}/gavo.rc"
        return ["runuser", "-u", USER, "--", "env", settings, "HOME=/tmp", "dachs", *words]

    def dachs(self, *words: str) -> None:
        done = subprocess.run(self.command(*words), capture_output=True, text=True, cwd="/tmp", check=False)
        if done.returncode:
            raise DachsError(f"dachs {' '.join(words)}: {(done.stdout + done.stderr)[-1500:]}")

    def serve(self, seconds: float = 60.0) -> None:
        with open(self.folder / "server.log", "w") as log:
            self.server = subprocess.Popen(
                self.command("serve", "debug"), stdout=log, stderr=log, cwd="/tmp", start_new_session=True
            )
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.server.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/capabilities", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        raise DachsError(f"the server does not answer: {(self.folder / 'server.log').read_text()[-1500:]}")


def _column(values: pd.Series) -> str:
    name, kind = values.name, "text" if values.dtype == object or isinstance(values.dtype, pd.StringDtype) else ""
    kind = kind or ("bigint" if pd.api.types.is_integer_dtype(values.dtype) else "double precision")
    facts = {"name": name, "type": kind, "unit": UNITS.get(name, ""), "ucd": UCDS.get(name, ""), "description": name}
    if kind == "bigint":
        facts["required"] = "True"
    return "<column " + " ".join(f'{key}="{value}"' for key, value in facts.items()) + "/>"


if __name__ == "__main__":
    if sys.argv[1:] == ["install"]:
        install()
        print(f"DaCHS: {reason}; its tests are skipped" if (reason := missing()) else "DaCHS: installed")
    else:
        sys.exit(f"{__doc__}\nusage: {sys.argv[0]} install")
