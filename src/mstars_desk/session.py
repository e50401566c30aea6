"""The desk: takes the requests of several reviewers one at a time and passes them to votes, schedule and learner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mstars.review.decisions import ADJUDICATOR
from mstars_desk.blind_spectra import BlindSpectra
from mstars_desk.entries import Entry, Refused, checked_entry
from mstars_desk.journal import reviewer_name
from mstars_desk.learning import Learner
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.schedule import Schedule
from mstars_desk.votes import TAKEN_BACK, Vote, Votes

PAUSE_SECONDS = 60.0
"""A longer gap between two decisions is a pause and does not count for the rate."""


@dataclass(frozen=True)
class Step:
    """What one decision replaced, so that it can be undone."""

    author: str
    key: str
    blind: bool
    before: Vote | None


@dataclass
class Person:
    """What the desk remembers of a reviewer while it runs.

    Attributes
    ----------
    steps : list of list of Step
        One list a request, the newest last.
    times : list of float
        When decisions were made, seconds.
    """

    steps: list[list[Step]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


class Desk:
    """A queue under review. Its methods may be called from several threads.

    Parameters
    ----------
    queue : QueueFolder
    blind_spectra : BlindSpectra, optional
    clock : callable, optional
        Seconds, for the leases.

    Attributes
    ----------
    votes : Votes
    schedule : Schedule
    learner : Learner
    guard : threading.RLock
        Held by every method while it reads or changes these.

    Raises
    ------
    InputError
        When a decision file can't be read.
    """

    def __init__(
        self,
        queue: QueueFolder,
        blind_spectra: BlindSpectra | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.queue, self.blind_spectra = queue, blind_spectra or BlindSpectra()
        self.guard = threading.RLock()
        self.votes = Votes(queue, self.blind_spectra)
        self.schedule = Schedule(queue, self.votes, clock)
        self.learner = Learner(queue)
        self._people: dict[str, Person] = {}
        self._answers: dict[str, dict] = {}
        self.learn()

    def refresh(self) -> None:
        """Read the decision files again when others have changed or added one."""
        with self.guard:
            if self.votes.refresh():
                self.schedule.reload()

    def payload(self, key: str) -> dict:
        """What the page shows of a spectrum.

        Raises
        ------
        KeyError
            For a spectrum that is neither in the queue nor for calibration.
        """
        if key in self.queue.place:
            return self.queue.payload(key)
        if self.blind_spectra.queue is not None and key in self.blind_spectra.right:
            return self.blind_spectra.queue.payload(key)
        raise KeyError(key)

    def next(self, reviewer: str, count: int, held: Sequence[str] = (), *, alike: bool = False) -> list[str]:
        """Keys of the spectra a reviewer sees next: see `Schedule.next`."""
        reviewer = reviewer_name(reviewer)
        with self.guard:
            return self.schedule.next(reviewer, count, held, alike=alike)

    def skip(self, reviewer: str, key: str) -> None:
        """Put a spectrum off: it comes again when nothing else is left."""
        reviewer = reviewer_name(reviewer)
        with self.guard:
            self.schedule.skip(reviewer, key)

    def decide(self, reviewer: str, rows: Sequence[dict], request: str, *, adjudicate: bool = False) -> dict:
        """Write decisions. They are on the disk when this returns.

        Parameters
        ----------
        reviewer : str
        rows : sequence of dict
            key and label; where there are, confidence, comment, via and seconds.
        request : str
            The sender's own name for this request. A request that comes again, because its answer got lost, is
            answered again and not written again.
        adjudicate : bool
            Whether the labels settle disagreements.

        Returns
        -------
        dict
            ``saved``, the number of rows, and ``time`` of the last one.

        Raises
        ------
        Refused
            For a row that can't be taken. Nothing is written then.
        OSError
            When the rows could not be written.
        """
        reviewer = reviewer_name(reviewer)
        with self.guard:
            if request not in self._answers:
                entries = [self._checked(reviewer, row, adjudicate) for row in rows]
                times = self._save(reviewer, ADJUDICATOR + reviewer if adjudicate else reviewer, entries)
                self._person(reviewer).times.append(time.time())
                last = times[entries[-1].key] if entries else ""
                self._answers[request] = {"saved": len(entries), "time": last}
            return self._answers[request]

    def _checked(self, reviewer: str, row: dict, adjudicate: bool) -> Entry:
        key = str(row.get("key", ""))
        lease, decided = self.schedule.lease(reviewer, key), key in self.votes.standing
        return checked_entry(row, self.queue, self.blind_spectra, lease=lease, decided=decided, adjudicate=adjudicate)

    def _save(self, reviewer: str, author: str, entries: Sequence[Entry]) -> dict[str, str]:
        """Write entries and remember how to undo them; the time of each key."""
        times: dict[str, str] = {}
        for blind in (False, True):
            part = [entry for entry in entries if entry.blind == blind]
            if part:
                steps = [Step(author, e.key, blind, self.votes.vote(author, e.key, blind=blind)) for e in part]
                written = self.votes.write(reviewer, author, [entry.row for entry in part], blind=blind)
                times |= zip([entry.key for entry in part], written, strict=True)
                self._person(reviewer).steps.append(steps)
                for entry in part:
                    self.schedule.release(reviewer, entry.key)
        self.votes.log_decisions(
            reviewer, [{"key": e.key, "time": times[e.key], "via": e.via, "seconds": e.seconds} for e in entries]
        )
        return times

    def undo(self, reviewer: str, request: str) -> dict:
        """Take the reviewer's last request back, all of a sheet at once. The rows before it count again.

        Returns
        -------
        dict
            ``undone``, the keys.

        Raises
        ------
        Refused
            When there is nothing to undo.
        """
        reviewer = reviewer_name(reviewer)
        with self.guard:
            if request in self._answers:
                return self._answers[request]
            person = self._person(reviewer)
            steps = person.steps.pop() if person.steps else self._last_step(reviewer)
            if not steps:
                raise Refused("nothing to undo")
            for step in steps:
                self._take_back(reviewer, step)
            if person.times:
                person.times.pop()
            self._answers[request] = {"undone": [step.key for step in steps]}
            return self._answers[request]

    def _take_back(self, reviewer: str, step: Step) -> None:
        before = step.before
        row = {"key": step.key, **TAKEN_BACK}
        if before is not None:
            row |= {"label": before.label, "confidence": before.confidence_text, "comment": before.comment}
        self.votes.write(reviewer, step.author, [row], blind=step.blind)
        self.schedule.release(reviewer, step.key)
        if step.author == reviewer and before is None:
            self.schedule.show_again(reviewer, step.key)

    def _last_step(self, reviewer: str) -> list[Step]:
        """After a restart: the reviewer's newest decision that still stands."""
        newest = self.votes.newest_by(reviewer)
        return [Step(*newest, blind=False, before=self.votes.before(*newest))] if newest else []

    def learn(self) -> bool:
        """Put first what the decisions so far say will change the catalogue; true when the order is new."""
        with self.guard:
            sample = self.learner.sample(self.votes)
        order = None if sample is None else self.learner.order(sample)  # takes a while: reviewers go on meanwhile
        if order is None:
            return False
        with self.guard:
            self.schedule.order = order
        return True

    def progress(self, reviewer: str) -> dict:
        """Counts for the bar at the top of the page.

        Calibration spectra count like others, also those still to come. A number that stood still would tell the
        reviewer which ones they are.

        Returns
        -------
        dict
            total, decided, mine, left; rate (decisions a minute) and minutes_left, or None; disagreements; skipped.
        """
        reviewer = reviewer_name(reviewer)
        with self.guard:
            seen = [votes for key, votes in self.votes.standing.items() if key in self.queue.place]
            mine, left = sum(reviewer in votes for votes in seen), self.schedule.left(reviewer)
            planned, done = self.schedule.calibration_plan(reviewer, mine + left)
            left += max(planned - done, 0)
            rate = per_minute(self._person(reviewer).times)
            return {
                "total": len(self.queue) + planned,
                "decided": sum(map(bool, seen)) + done,
                "mine": mine + done,
                "left": left,
                "rate": rate,
                "minutes_left": left / rate if rate else None,
                "disagreements": len(self.votes.disagreements()),
                "skipped": len(self.schedule.put_off_by(reviewer)),
            }

    def _person(self, reviewer: str) -> Person:
        return self._people.setdefault(reviewer, Person())


def per_minute(times: Sequence[float]) -> float | None:
    """Decisions a minute over the last hundred, without pauses.

    Parameters
    ----------
    times : sequence of float
        When they were made, seconds, ascending.

    Returns
    -------
    float or None
        None before the third decision.
    """
    recent = list(times)[-100:]
    gaps = [b - a for a, b in zip(recent, recent[1:], strict=False) if b - a < PAUSE_SECONDS]
    total = sum(gaps)
    return 60.0 * len(gaps) / total if len(gaps) > 1 and total > 0 else None
