"""What reviewers have said about a queue's spectra: read from the decision files, and added to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from mstars.review.decisions import ADJUDICATOR, read_decisions
from mstars_desk.blind_spectra import BlindSpectra
from mstars_desk.journal import EventLog, Journal
from mstars_desk.queue_folder import QueueFolder


@dataclass(frozen=True)
class Vote:
    """One row of a reviewer about a spectrum.

    Attributes
    ----------
    label : str
        Empty: the row takes the reviewer's earlier decision back.
    confidence : float or None
        0 to 1.
    time : datetime
        UTC.
    comment : str
    """

    label: str
    confidence: float | None
    time: datetime
    comment: str

    @property
    def confidence_text(self) -> str:
        """The confidence as a decision file has it; empty where there is none."""
        return "" if self.confidence is None else f"{self.confidence:g}"


TAKEN_BACK = {"label": "", "confidence": "", "comment": ""}
"""Columns of a row that takes a decision back."""


class Votes:
    """The decisions of a queue, by spectrum and reviewer.

    Parameters
    ----------
    queue : QueueFolder
    blind_spectra : BlindSpectra

    Attributes
    ----------
    standing : dict of str to dict of str to Vote
        For each spectrum_key that has decisions, the vote of each reviewer that counts now. Empty where all votes
        were taken back.
    history : dict of str to list of (str, Vote)
        For each spectrum_key all rows with their reviewers, in the order of time.
    blind : dict of (str, str) to Vote
        Newest vote of each (reviewer, spectrum_key) on a calibration spectrum. These decide nothing.
    via : dict of (str, str) to str
        How a spectrum came before a reviewer: order, audit, calibration, sheet, disagreement or chosen.
    events : EventLog

    Raises
    ------
    InputError
        When a decision file can't be read.
    """

    def __init__(self, queue: QueueFolder, blind_spectra: BlindSpectra):
        self.queue, self.blind_spectra = queue, blind_spectra
        self.journal = Journal(queue.decisions)
        private = queue.decisions / "desk"
        private.mkdir(exist_ok=True)
        self.events = EventLog(private / "events.jsonl")
        self._blind_file = private / "calibration.csv"
        self.reload()

    # what the files say

    def reload(self) -> None:
        """Read all files again."""
        self._seen = self._file_states()
        self.standing: dict[str, dict[str, Vote]] = {}
        self.history: dict[str, list[tuple[str, Vote]]] = {}
        for reviewer, key, vote in self._rows(self.journal.files()):
            self._take_up(reviewer, key, vote)
        blind = [self._blind_file] if self._blind_file.is_file() else []
        self.blind = {(reviewer, key): vote for reviewer, key, vote in self._rows(blind)}
        events = (event for event in self.events.read() if "via" in event)
        self.via = {(event["reviewer"], event["key"]): event["via"] for event in events}

    def refresh(self) -> bool:
        """Read the files again when others have changed or added one; true when they had."""
        changed = self._file_states() != self._seen
        if changed:
            self.reload()
        return changed

    def _file_states(self) -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in self.journal.files()}

    def _rows(self, files: Sequence[Path]) -> Iterable[tuple[str, str, Vote]]:
        decisions = read_decisions(self.queue.name, files)
        for row in decisions.sort_values("time", kind="stable").itertuples():
            confidence = None if pd.isna(row.confidence) else float(row.confidence)
            vote = Vote(row.label, confidence, row.time.to_pydatetime(), row.comment)
            yield row.reviewer, row.spectrum_key, vote

    def _take_up(self, reviewer: str, key: str, vote: Vote) -> None:
        self.history.setdefault(key, []).append((reviewer, vote))
        if vote.label:
            self.standing.setdefault(key, {})[reviewer] = vote
        else:
            self.standing.get(key, {}).pop(reviewer, None)

    # what they mean

    def of(self, key: str) -> dict[str, Vote]:
        """The standing vote of each reviewer about a spectrum."""
        return self.standing.get(key, {})

    def verdict(self, key: str) -> tuple[str, bool]:
        """The label a spectrum has by now ('' when undecided or tied), and whether an adjudicator gave it."""
        votes = self.of(key)
        adjudicated = [vote for reviewer, vote in votes.items() if reviewer.startswith(ADJUDICATOR)]
        if adjudicated:
            return max(adjudicated, key=lambda vote: vote.time).label, True
        count: dict[str, int] = {}
        for vote in votes.values():
            count[vote.label] = count.get(vote.label, 0) + 1
        best = [label for label, n in count.items() if n == max(count.values())]
        return (best[0], False) if len(best) == 1 else ("", False)

    def disputed(self, key: str) -> bool:
        """Whether reviewers differ about a spectrum and no adjudicator has settled it."""
        votes = self.of(key)
        settled = any(reviewer.startswith(ADJUDICATOR) for reviewer in votes)
        return not settled and len({vote.label for vote in votes.values()}) > 1

    def disagreements(self) -> list[str]:
        """Disputed spectra in the order of the queue's table, then those that the queue has no more."""
        found = [key for key in self.standing if self.disputed(key)]
        return sorted(found, key=lambda key: (self.queue.place.get(key, len(self.queue)), key))

    def changes_catalogue(self, key: str) -> bool | None:
        """Whether the decision about a spectrum of the queue changes the catalogue; None while there is none.

        In the queues `dgcm` and `random` the label M changes nothing: the consensus decides between dwarf and giant.
        """
        label, _ = self.verdict(key)
        if not label:
            return None
        if label == "M" and self.queue.name in ("dgcm", "random"):
            return False
        return label != self.queue.consensus[key]

    def right_labels(self) -> dict[str, set[str]]:
        """Right labels of the calibration spectra.

        They are those of the simulated survey. Without one, they are the labels that an adjudicator gave or that two
        or more reviewers agree on.
        """
        if self.blind_spectra.right:
            return self.blind_spectra.right
        found = {}
        for key, votes in self.standing.items():
            label, adjudicated = self.verdict(key)
            agreed = len(votes) > 1 and not self.disputed(key)
            if label and key in self.queue.place and (adjudicated or agreed):
                found[key] = {label}
        return found

    def opinions(self, key: str) -> list[dict]:
        """All rows about a spectrum in the order of time: votes, changes of mind, adjudications."""
        return [
            {
                "reviewer": reviewer,
                "label": vote.label,
                "confidence": vote.confidence,
                "time": vote.time.isoformat(timespec="seconds"),
                "comment": vote.comment,
            }
            for reviewer, vote in self.history.get(key, [])
        ]

    def vote(self, author: str, key: str, *, blind: bool) -> Vote | None:
        """An author's standing vote about a spectrum, or the blind one about a calibration spectrum."""
        return self.blind.get((author, key)) if blind else self.of(key).get(author)

    def newest_by(self, reviewer: str) -> tuple[str, str] | None:
        """Author and spectrum_key of the reviewer's newest standing vote, as reviewer or as adjudicator."""
        found = [
            (vote.time, key, author)
            for key, votes in self.standing.items()
            for author, vote in votes.items()
            if author in (reviewer, ADJUDICATOR + reviewer)
        ]
        if not found:
            return None
        _, key, author = max(found)
        return author, key

    def before(self, author: str, key: str) -> Vote | None:
        """The author's vote about a spectrum before the newest one, where that row has a label."""
        earlier = [vote for name, vote in self.history[key] if name == author][:-1]
        return earlier[-1] if earlier and earlier[-1].label else None

    # new rows

    def write(self, reviewer: str, author: str, rows: Sequence[dict], *, blind: bool) -> list[str]:
        """Append rows to the reviewer's file, or to that of the calibration. They are on the disk when this returns.

        Parameters
        ----------
        reviewer : str
            Whose file it is.
        author : str
            What the column ``reviewer`` says: the reviewer's name, or it behind `ADJUDICATOR`.
        rows : sequence of dict
            key, label, confidence and comment, as text.
        blind : bool
            Whether these are calibration spectra.

        Returns
        -------
        list of str
            Time of each row, ISO 8601 in UTC.

        Raises
        ------
        OSError
            When they could not be written; nothing has changed then.
        """
        known = [vote.time for row in rows for _, vote in self.history.get(row["key"], [])]
        times = self.journal.times(len(rows), max(known, default=None))
        written = [
            {**row, "spectrum_key": row["key"], "reviewer": author, "time": moment}
            for row, moment in zip(rows, times, strict=True)
        ]
        changed_by_others = self._file_states() != self._seen
        self.journal.append(self._blind_file if blind else self.journal.path(reviewer), written)
        for row, moment in zip(rows, times, strict=True):
            confidence = float(row["confidence"]) if row["confidence"] else None
            vote = Vote(row["label"], confidence, datetime.fromisoformat(moment), row["comment"])
            if blind:
                self.blind[author, row["key"]] = vote
            else:
                self._take_up(author, row["key"], vote)
        if not changed_by_others:  # otherwise the next refresh reads what they wrote
            self._seen = self._file_states()
        return times

    def log_decisions(self, reviewer: str, rows: Sequence[dict]) -> None:
        """Note how decided spectra had come before the reviewer: key, time, via, and seconds looked at (or None)."""
        for row in rows:
            self.via[reviewer, row["key"]] = row["via"]
        names = ("event", "time", "reviewer", "key", "via", "seconds")
        events = [{"event": "decided", "reviewer": reviewer, **row} for row in rows]
        self.events.append([{name: event[name] for name in names} for event in events])
