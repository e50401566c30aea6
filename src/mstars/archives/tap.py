"""Sources around places, asked of a TAP service with the places as an upload."""

from __future__ import annotations

import dataclasses
import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.files.external_tables import Column, empty_table, find_column, read_external, spellings_of

logger = logging.getLogger("mstars")

_FEWEST = 16
_LIMIT_WORDS = ("too large", "too many", "limit", "exceed", "maximum", "quota")


class TooMuch(Exception):
    """An answer or an upload that the service cuts off, or that takes too long: to be asked for in smaller parts."""


class Unusable(Exception):
    """A service that does not answer as it should; the next one is asked."""


@dataclass(frozen=True)
class Table:
    """A table of a TAP service.

    Attributes
    ----------
    url : str
        Of the service.
    name : str
        Of the table, as in a query.
    distances : str or None
        A table with source_id and distances, joined to it.
    """

    url: str
    name: str
    distances: str | None = None


@dataclass(frozen=True)
class Patience:
    """How long a job may take (seconds), how often it is asked after, the places of an upload and rows of an answer.

    ``rows`` None: as many as the service gives.
    """

    seconds: float = 3600.0
    poll: float = 5.0
    places: int = 20_000
    rows: int | None = None
    wait: Callable[[float], None] = field(default_factory=lambda: time.sleep)


@dataclass(frozen=True)
class Question:
    """What is asked: columns of the table (and of the distances), and the condition that joins it to the places.

    Attributes
    ----------
    key : str
        The config key, for messages.
    columns, distances : tuple of Column
    where : callable
        Given the table's names of our columns (quoted as ADQL needs them), the condition; ``p`` are the places.
    """

    key: str
    columns: tuple[Column, ...]
    where: Callable[[dict[str, str]], str]
    distances: tuple[Column, ...] = ()

    @property
    def answer(self) -> tuple[Column, ...]:
        """Columns of the answer: those of the table, and of the distances where the service has them."""
        names = {column.name for column in self.columns}
        more = (dataclasses.replace(one, required=False) for one in self.distances if one.name not in names)
        return (*self.columns, *more)


def ask(tables: Sequence[Table], question: Question, places: pd.DataFrame, patience: Patience) -> tuple:
    """Rows of the first service that answers.

    Parameters
    ----------
    tables : sequence of Table
        In the order to be asked.
    question : Question
    places : pandas.DataFrame
        n rows: numbers.
    patience : Patience

    Returns
    -------
    rows : pandas.DataFrame
        The columns of the question, each row once.
    table : Table
        Whose they are.

    Raises
    ------
    InputError
        No service answers, or a table lacks a column: one reason a service.
    """
    said = []
    for table in tables:
        try:
            return _once_each(_Asked(table, question, patience).in_parts(places), question), table
        except (Unusable, TooMuch, InputError) as error:
            said.append(f"{table.url}: {error}")
            logger.info("%s", said[-1])
    raise InputError(f"{question.key}: no service answered; {'; '.join(said) or 'none is named'}; run again later")


def _once_each(rows: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Rows in an order that the service does not decide, each once."""
    names = [column.name for column in question.columns]
    return rows.sort_values(names, ignore_index=True).drop_duplicates(ignore_index=True)


class _Asked:
    """A question to a service."""

    def __init__(self, table: Table, question: Question, patience: Patience):
        import pyvo

        self.table, self.question, self.patience = table, question, patience
        self.service = pyvo.dal.TAPService(table.url)
        with _heard():
            if not self.service.upload_methods:
                raise Unusable("the service takes no uploads")
        self.query = self._query()

    def in_parts(self, places: pd.DataFrame) -> pd.DataFrame:
        """The rows for all places, asked for in as large parts as the service takes."""
        columns = self.question.answer
        found, size = [empty_table(columns)], self.patience.places
        waiting = [places.iloc[start : start + size] for start in range(0, len(places), size)]
        while waiting:
            part = waiting.pop(0)
            try:
                found.append(self._answer(part, columns))
            except TooMuch as error:
                if len(part) <= _FEWEST:
                    raise
                logger.info("%d places: %s; asked again in halves", len(part), error)
                waiting[:0] = [part.iloc[: len(part) // 2], part.iloc[len(part) // 2 :]]
        return pd.concat(found[1:] or found, ignore_index=True)

    def _query(self) -> str:
        of = self.question
        names = self._names(self.table.name, of.columns)
        chosen = [f"t.{name} AS {ours}" for ours, name in names.items()]
        joined = ""
        if self.table.distances:
            more = self._names(self.table.distances, of.distances)
            chosen += [f"d.{name} AS {ours}" for ours, name in more.items() if ours != "source_id"]
            joined = f" LEFT OUTER JOIN {self.table.distances} AS d ON d.{more['source_id']} = t.{names['source_id']}"
        near = of.where({name: f"t.{theirs}" for name, theirs in names.items()})
        return f"SELECT {', '.join(chosen)} FROM TAP_UPLOAD.places AS p JOIN {self.table.name} AS t ON {near}{joined}"

    def _names(self, table: str, columns: tuple[Column, ...]) -> dict[str, str]:
        """The table's own name of each of our columns, quoted where it is no plain identifier."""
        plain = table.replace('"', "")
        query = f"SELECT column_name FROM TAP_SCHEMA.columns WHERE table_name IN ('{plain}', '\"{plain}\"', '{table}')"
        with _heard():
            present = [str(row["column_name"]).strip('"') for row in self.service.run_sync(query)]
        if not present:
            raise Unusable(f"the service has no table {table}")
        spellings = spellings_of(columns)
        found = {column.name: find_column(column, present, spellings, table) for column in columns}
        return {ours: _quoted(name) for ours, name in found.items() if name is not None}

    def _answer(self, places: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
        from astropy.table import Table as Uploaded

        numbered = places.assign(number=np.arange(len(places)))
        upload = Uploaded({name: numbered[name].to_numpy() for name in numbered})
        with _heard():
            job = self.service.submit_job(self.query, uploads={"places": upload}, maxrec=self._most())
            try:
                self._wait(job)
                result = job.fetch_result()
            finally:
                _forget(job)
        if result.query_status == "OVERFLOW":
            raise TooMuch("the answer is cut off at the service's row limit")
        with tempfile.TemporaryDirectory(prefix="mstars-") as folder:
            path = Path(folder) / "answer.vot"
            result.votable.to_xml(str(path))
            return read_external(path, columns, self.question.key)

    def _most(self) -> int | None:
        """The most rows that the service gives; it gives fewer unless it is asked for them."""
        if self.patience.rows is not None:
            return self.patience.rows
        try:
            return self.service.hardlimit
        except Exception:  # services need not tell it
            return None

    def _wait(self, job) -> None:
        """Until the job is done; one that takes too long is aborted."""
        job.run()
        end = time.monotonic() + self.patience.seconds
        while (phase := job.phase) not in ("COMPLETED", "ERROR", "ABORTED"):
            if time.monotonic() > end:
                job.abort()
                raise TooMuch(f"no answer within {self.patience.seconds:g} s, aborted")
            self.patience.wait(self.patience.poll)
        if phase != "COMPLETED":
            job.raise_if_error()
            raise Unusable(f"the job ended as {phase}")


def _forget(job) -> None:
    """Delete the job at the service, where it lets us."""
    try:
        job.delete()
    except Exception as error:  # what the service says to it changes nothing
        logger.info("the job stays at the service: %s", type(error).__name__)


class _heard:
    """What pyvo and the network raise, as `TooMuch` or `Unusable`; its warnings are not shown."""

    def __enter__(self):
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(self, kind, error, trace):
        self._warnings.__exit__(None, None, None)
        if isinstance(error, Exception) and not isinstance(error, TooMuch | Unusable | InputError):
            _raise_said(error)


def _raise_said(error: Exception) -> None:
    text = " ".join(str(error).split())[:300] or type(error).__name__
    if "413" in text or any(word in text.lower() for word in _LIMIT_WORDS):
        raise TooMuch(text) from None
    raise Unusable(text) from None


def _quoted(name: str) -> str:
    plain = name.isascii() and name.replace("_", "a").isalnum() and name[0].isalpha()
    return name if plain else f'"{name}"'
