"""Decisions of reviewers: read, checked, and resolved to one label a candidate."""

from __future__ import annotations

import csv
import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.resources import resource, resource_table
from mstars.files.tables import among
from mstars.files.text_tables import iter_records, text_layout

QUEUES = ("scm", "dgcm", "rv", "random", "golden")
"""Queues of spectra that people look at."""

DECISION_COLUMNS = ("spectrum_key", "label", "confidence", "reviewer", "time", "comment")
"""Columns of a decision file; confidence and comment may be absent."""

RESOLVED_COLUMNS = (
    *("spectrum_key", "label", "review_status", "confidence", "reviewer"),
    *("n_reviewers", "tie", "adjudicated", "queued"),
)
"""Columns that `resolve` returns."""

ADJUDICATOR = "adjudicator:"
"""How the reviewer of a row begins that settles a disagreement. Such a row counts more than any number of votes."""

_REQUIRED = ("spectrum_key", "label", "reviewer", "time")


@functools.cache
def _label_table() -> pd.DataFrame:
    return resource_table(resource("review_labels.csv"), dtype=str)


@functools.cache
def label_keys(queue: str) -> dict[str, tuple[str, str]]:
    """The key to press and the meaning of each label of a queue (``resources/review_labels.csv``).

    Raises
    ------
    InputError
        When there is no such queue.
    """
    labels(queue)
    table = _label_table()
    table = table[table["queue"] == queue]
    return {row.label: (str(row.key), row.meaning) for row in table.itertuples()}


@functools.cache
def labels(queue: str) -> tuple[str, ...]:
    """Labels a reviewer may give in a queue (``resources/review_labels.csv``).

    Raises
    ------
    InputError
        When there is no such queue.
    """
    table = _label_table()
    if queue not in QUEUES:
        raise InputError(f"review: no queue {queue!r}; the queues are {', '.join(QUEUES)}")
    return tuple(table.loc[table["queue"] == queue, "label"])


def read_decisions(queue: str, files: Sequence[str | Path]) -> pd.DataFrame:
    """Read and check the decision files of a queue.

    Parameters
    ----------
    queue : str
        One of `QUEUES`.
    files : sequence of str or Path
        ``review/{survey}/{queue}/*.csv`` with the columns `DECISION_COLUMNS`. A row without label, reviewer and time is
        not decided yet and is left out. A row with reviewer and time but no label takes the reviewer's decision back.
        A time without a zone is UTC.

    Returns
    -------
    pandas.DataFrame
        `DECISION_COLUMNS`, and ``file`` and ``line``, where the row stands. ``time`` is in UTC. ``confidence`` is from
        0 to 1, or NaN.

    Raises
    ------
    InputError
        Names the file and the line of the first row that can't be used, and what was expected.
    """
    tables = [_read_file(queue, Path(file)) for file in sorted(map(str, files))]
    if not tables:
        return _empty()
    decisions = pd.concat(tables, ignore_index=True)
    same = decisions.duplicated(["spectrum_key", "reviewer", "time"], keep=False)
    if same.any():
        first, second = (
            decisions[same]
            .sort_values(["spectrum_key", "reviewer", "time", "file", "line"], kind="stable")
            .iloc[:2]
            .itertuples()
        )
        raise InputError(
            f"{second.file}: line {second.line}: {second.reviewer!r} has decided {second.spectrum_key} twice at the "
            f"same time ({first.file}: line {first.line}); take one of the rows away"
        )
    return decisions


def _empty() -> pd.DataFrame:
    table = pd.DataFrame({name: pd.Series(dtype="str") for name in (*DECISION_COLUMNS, "file")})
    return table.assign(
        confidence=pd.Series(dtype=float), time=pd.Series(dtype="datetime64[us, UTC]"), line=pd.Series(dtype="int64")
    )


def decision_files(folder: str | Path) -> list[Path]:
    """The decision files of a queue's folder, sorted by name: ``*.csv``, in small or capital letters."""
    paths = Path(folder).glob("*") if Path(folder).is_dir() else ()
    return sorted(path for path in paths if path.suffix.lower() == ".csv" and path.name[0] not in ".~")


def _read_file(queue: str, path: Path) -> pd.DataFrame:
    try:
        layout = text_layout(path, DECISION_COLUMNS)
        records = list(iter_records(path, layout))
    except FileNotFoundError:
        raise InputError(f"{path}: no such decision file") from None
    except InputError as error:
        if "empty" not in str(error):
            raise
        raise InputError(f"{path}: empty; its first line must name the columns: {','.join(DECISION_COLUMNS)}") from None
    except (OSError, EOFError, csv.Error, UnicodeError) as error:
        raise InputError(f"{path}: not a CSV table in UTF-8 ({error})") from None
    _check_columns(path, list(layout.names))
    table = pd.DataFrame([fields for _, fields in records], columns=list(layout.names), dtype=str)
    table = table.reindex(columns=list(DECISION_COLUMNS), fill_value="").astype(str)
    table["file"], table["line"] = str(path), [line for line, _ in records]
    table = table[(table["label"] != "") | ((table["reviewer"] != "") & (table["time"] != ""))]
    _check_rows(queue, table)
    return table.assign(
        confidence=pd.to_numeric(table["confidence"].replace("", np.nan)).astype(float),
        time=_times(table["time"]),
    )


def _check_columns(path: Path, columns: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in columns]
    unknown = [name for name in columns if name not in DECISION_COLUMNS]
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise InputError(f"{path}: column {twice!r} stands there twice; remove one")
    if missing or unknown:
        said = [f"missing column {', '.join(missing)}"] * bool(missing) + [
            f"unknown column {', '.join(map(repr, unknown))}"
        ] * bool(unknown)
        raise InputError(f"{path}: {'; '.join(said)}; the columns are {', '.join(DECISION_COLUMNS)}")


def _times(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column, utc=True, format="ISO8601", errors="coerce").astype("datetime64[us, UTC]")


def _check_rows(queue: str, table: pd.DataFrame) -> None:
    allowed = labels(queue)
    confidence = pd.to_numeric(table["confidence"], errors="coerce")
    problems = (
        (table["spectrum_key"] == "", lambda row: "no spectrum_key"),
        (
            ~table["label"].isin((*allowed, "")),
            lambda row: f"unknown label {row.label!r}; the labels of queue {queue} are {', '.join(allowed)}",
        ),
        (table["reviewer"] == "", lambda row: "no reviewer; every decision says whose it is"),
        (
            _times(table["time"]).isna(),
            lambda row: f"bad time {row.time!r}; expected ISO 8601, for example 2026-01-31T14:05:00Z",
        ),
        (
            (table["confidence"] != "") & ~confidence.between(0, 1),
            lambda row: f"bad confidence {row.confidence!r}; expected a number from 0 to 1, or nothing",
        ),
    )
    found = [(int(np.argmax(mask.to_numpy())), say) for mask, say in problems if mask.any()]
    if found:
        position, say = min(found, key=lambda item: item[0])
        row = next(table.iloc[[position]].itertuples())
        raise InputError(f"{row.file}: line {row.line}: {say(row)}")


def check_decisions(decisions: pd.DataFrame, known: Sequence[str]) -> None:
    """Refuse decisions about spectra that the survey does not have.

    Parameters
    ----------
    decisions : pandas.DataFrame
        From `read_decisions`.
    known : pandas.Series or sequence of str
        All spectrum_keys of the survey.

    Raises
    ------
    InputError
        Names the file and line of the first such row.
    """
    unknown = decisions[~among(decisions["spectrum_key"], known)]
    if len(unknown):
        row = next(unknown.itertuples())
        raise InputError(
            f"{row.file}: line {row.line}: unknown spectrum_key {row.spectrum_key!r}: this survey has no such spectrum "
            f"({len(unknown)} row(s) like it); is the file in the right review/SURVEY/QUEUE folder?"
        )


def resolve(
    queue: str,
    candidates: pd.DataFrame,
    decisions: pd.DataFrame,
    mode: str,
    *,
    catalog: Sequence[str] | None = None,
    survey: str = "SURVEY",
) -> pd.DataFrame:
    """One label for each candidate: the reviewers' label, or the consensus where no one has looked.

    Of each reviewer the newest row counts. The label that most reviewers gave wins. Where two labels are level, the
    candidate has ``tie`` and stays undecided. The newest row of an adjudicator (a reviewer whose name begins with
    `ADJUDICATOR`) counts more than all votes.

    Parameters
    ----------
    queue : str
        One of `QUEUES`.
    candidates : pandas.DataFrame
        With ``spectrum_key`` (unique) and ``consensus_label``.
    decisions : pandas.DataFrame
        From `read_decisions`.
    mode : {'provisional', 'required'}
        What happens to undecided candidates: they get the consensus and say so, or the run stops.
    catalog : sequence of str, optional
        Keys of the catalogue that the queue is drawn from. A decision about one that is not queued, because the queue
        changed after a retraining, is kept with ``queued`` false. None: decisions about candidates only.
    survey : str
        Name of the survey, for messages.

    Returns
    -------
    pandas.DataFrame
        `RESOLVED_COLUMNS`. ``review_status`` is 'reviewed' or 'provisional'. ``confidence`` is the mean of those who
        gave the label, NaN when none did. ``reviewer`` has ';' between several. ``n_reviewers`` is how many looked.

    Raises
    ------
    InputError
        For an unknown mode, a candidate that is there twice or that has no consensus_label. In mode ``required`` when
        candidates are undecided: the message says which queue, how many, and what to do.
    """
    labels(queue)
    if mode not in ("provisional", "required"):
        raise InputError(f"review.mode: {mode!r} is not one of 'provisional', 'required'")
    keys = candidates["spectrum_key"].astype(str)
    if keys.duplicated().any():
        raise InputError(f"queue {queue}: {keys[keys.duplicated()].iloc[0]} is a candidate twice")
    table = _votes_of(keys, decisions, catalog)
    undecided = table["label"].isna().to_numpy()
    if mode == "required" and undecided.any():
        raise InputError(_what_is_missing(queue, table[undecided], len(keys), survey))
    consensus = candidates["consensus_label"].to_numpy(dtype=object)[undecided[: len(keys)]]
    if pd.isna(consensus).any():
        raise InputError(f"queue {queue}: {table.index[undecided][pd.isna(consensus)][0]} has no consensus_label")
    table["review_status"] = np.where(undecided, "provisional", "reviewed")
    table.loc[undecided, "label"] = consensus
    table["reviewer"] = table["reviewer"].fillna("")
    return table[list(RESOLVED_COLUMNS)].astype({"label": "str", "reviewer": "str"}).reset_index(drop=True)


def resolution(queue: str, resolved: pd.DataFrame, decisions: pd.DataFrame) -> str:
    """What came of a queue's decisions, in a line.

    Parameters
    ----------
    queue : str
    resolved : pandas.DataFrame
        Of `resolve`.
    decisions : pandas.DataFrame
        Of `read_decisions`.
    """
    status = resolved["review_status"].value_counts()
    unused = decisions.loc[~among(decisions["spectrum_key"], resolved["spectrum_key"]), "spectrum_key"].nunique()
    counts = {
        "candidates": resolved["queued"].sum(),
        "reviewed": status.get("reviewed", 0),
        "provisional": status.get("provisional", 0),
        "ties": resolved["tie"].sum(),
        "decided without being queued now": (~resolved["queued"]).sum(),
        "decided that have left the catalogue and are not used": unused,
    }
    return f"queue {queue}: " + ", ".join(f"{number} {what}" for what, number in counts.items())


def _votes_of(keys: pd.Series, decisions: pd.DataFrame, catalog: Sequence[str] | None) -> pd.DataFrame:
    """Votes about the candidates, in their order, then those about other spectra of the catalogue that are decided."""
    votes = _votes(decisions)
    decided = votes.index.to_series()
    extra = [] if catalog is None else sorted(decided[~among(decided, keys) & among(decided, catalog)])
    table = votes.reindex([*keys, *extra])
    table["spectrum_key"] = table.index
    table["queued"] = np.arange(len(table)) < len(keys)
    table["n_reviewers"] = table["n_reviewers"].fillna(0).astype("int64")
    for name in ("tie", "adjudicated"):
        table[name] = table[name].fillna(False).astype(bool)
    return table[table["label"].notna() | table["queued"]]


def newest_rows(decisions: pd.DataFrame) -> pd.DataFrame:
    """The newest row of each reviewer about each spectrum; rows that take a decision back are left out."""
    newest = decisions.sort_values("time", kind="stable").drop_duplicates(["spectrum_key", "reviewer"], keep="last")
    return newest[newest["label"] != ""]


def _votes(decisions: pd.DataFrame) -> pd.DataFrame:
    """Winning label a spectrum (null at a tie), from the newest row of each reviewer or the adjudicator's."""
    newest = newest_rows(decisions)
    looked = newest.groupby("spectrum_key")["reviewer"].nunique()
    settles = newest["reviewer"].str.startswith(ADJUDICATOR)
    settled = newest[settles].drop_duplicates("spectrum_key", keep="last")  # in order of time
    newest = pd.concat([newest[~newest["spectrum_key"].isin(settled["spectrum_key"])], settled])
    newest = newest.sort_values(["spectrum_key", "label", "reviewer"], kind="stable")
    count = newest.groupby(["spectrum_key", "label"], sort=True).agg(
        n=("reviewer", "size"), confidence=("confidence", "mean"), reviewer=("reviewer", ";".join)
    )
    count = count.reset_index().sort_values(["spectrum_key", "n", "label"], ascending=[True, False, True])
    best = count.groupby("spectrum_key")["n"].transform("max")
    level = count["n"].eq(best).groupby(count["spectrum_key"]).sum()
    won = count.drop_duplicates("spectrum_key").set_index("spectrum_key")
    won["tie"] = level > 1
    won["n_reviewers"] = looked
    won["adjudicated"] = won.index.isin(settled["spectrum_key"])
    won["label"] = won["label"].astype(object).where(~won["tie"], None)
    won["confidence"] = won["confidence"].where(~won["tie"], np.nan)
    won.loc[won["tie"], "reviewer"] = newest.groupby("spectrum_key")["reviewer"].agg(
        lambda names: ";".join(sorted(names))
    )
    columns = ["label", "confidence", "reviewer", "n_reviewers", "tie", "adjudicated"]
    return won[columns].astype({"confidence": float})


def _what_is_missing(queue: str, undecided: pd.DataFrame, n: int, survey: str) -> str:
    ties = undecided.loc[undecided["tie"], "spectrum_key"]
    examples = ", ".join(undecided["spectrum_key"].iloc[:3])
    level = f", {len(ties)} of them because reviewers disagree ({ties.iloc[0]}, ...)" if len(ties) else ""
    return (
        f"queue {queue}: {len(undecided)} of {n} candidates need a decision{level} (review.mode is required). "
        f"First: {examples}. `mstars review results/{survey}/review/{queue}` opens the review desk. Without it, put "
        f"rows {','.join(DECISION_COLUMNS)} into review/{survey}/{queue}/YOURNAME.csv; "
        f"results/{survey}/review/{queue} has queue.csv, pictures/ and template.csv "
        "(`snakemake review` writes them). Then run again. "
        f"Labels: {', '.join(labels(queue))}. With review.mode: provisional the consensus is taken meanwhile."
    )
