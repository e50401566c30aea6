"""Who sees which spectrum next, and what they decide: the desk's memory, rebuilt from the decision files."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from mstars.review.decisions import ADJUDICATOR, labels, read_decisions
from mstars.review.queues import share_of_key
from mstars_desk.folder import QueueFolder
from mstars_desk.journal import Journal, append_synced, plain_comment, reviewer_name

LEASE_SECONDS = 900.0
"""A spectrum handed to one reviewer is kept from the others for so long."""

PAUSE_SECONDS = 60.0
"""A longer gap between two decisions is a pause and doesn't count for the rate."""

VIA = ("order", "audit", "calibration", "sheet", "disagreement", "chosen")


class Refused(Exception):
    """A decision that can't be taken: said to the reviewer, nothing is written."""


@dataclass
class Vote:
    """A reviewer's row about a spectrum."""

    label: str
    confidence: float | None
    time: datetime
    comment: str


@dataclass
class Person:
    """What the desk remembers of a reviewer while it runs."""

    undo: list = field(default_factory=list)
    skipped: dict = field(default_factory=dict)
    times: list = field(default_factory=list)
    drawn: int = 0


class Desk:
    """The queue, the decisions so far, and what comes next.

    Parameters
    ----------
    queue : QueueFolder
    calibration : dict, optional
        Spectra whose answer is known: key to the set of right labels, beside those that reviewers agreed on.
    calibration_queue : QueueFolder, optional
        Where their spectra are, when not in this queue.
    clock : callable, optional
        Seconds, for the leases.

    Raises
    ------
    InputError
        When a decision file can't be read.
    """

    def __init__(
        self,
        queue: QueueFolder,
        calibration: dict[str, set[str]] | None = None,
        calibration_queue: QueueFolder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.queue, self.settings = queue, queue.settings
        self.labels = labels(queue.queue)
        self.calibration, self.calibration_queue = calibration or {}, calibration_queue
        self.journal = Journal(queue.decisions)
        self.private = queue.decisions / "desk"
        self.private.mkdir(exist_ok=True)
        self.clock, self.guard = clock, threading.RLock()
        self.order = list(queue.keys)
        self.shuffled = sorted(queue.keys, key=lambda key: share_of_key(key, f"audit{queue.facts['seed']}"))
        assigned = queue.table.get("assigned", pd.Series([""] * len(queue))).fillna("").astype(str)
        self.assigned = {k: set(a.split(";")) for k, a in zip(queue.keys, assigned, strict=True) if a}
        self.named = set(self.settings["reviewers"])
        self.shared = {key for key in queue.keys if share_of_key(key, "overlap") < self.settings["overlap"]}
        self.people: dict[str, Person] = {}
        self.leases: dict[str, dict[str, tuple[float, str]]] = {}
        self.done: dict[str, dict] = {}
        self.learned, self._design = 0, None
        self.reload()
        self.learn()

    # what the files say

    def reload(self) -> None:
        """Read all decisions again."""
        with self.guard:
            self._seen = self._stamps()
            self.votes: dict[str, dict[str, Vote]] = {}
            self.history: dict[str, list[tuple[str, Vote]]] = {}
            self.tested: dict[tuple[str, str], Vote] = {}
            for reviewer, key, vote in self._rows(self._files()):
                self._take(reviewer, key, vote)
            for reviewer, key, vote in self._rows([self._test_file] if self._test_file.is_file() else []):
                self.tested[reviewer, key] = vote
            self.via = self._read_events()

    @property
    def _test_file(self) -> Path:
        return self.private / "calibration.csv"

    def _files(self) -> list[Path]:
        return sorted(self.queue.decisions.glob("*.csv"))

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in self._files()}

    def refresh(self) -> None:
        """Take up files that were changed or added by others while the desk runs."""
        with self.guard:
            if self._stamps() != self._seen:
                self.reload()

    def _rows(self, files: Sequence[Path]) -> Iterable[tuple[str, str, Vote]]:
        decisions = read_decisions(self.queue.queue, files)
        for row in decisions.sort_values("time", kind="stable").itertuples():
            confidence = None if pd.isna(row.confidence) else float(row.confidence)
            moment = row.time.to_pydatetime()
            yield row.reviewer, row.spectrum_key, Vote(row.label, confidence, moment, row.comment)

    def _take(self, reviewer: str, key: str, vote: Vote) -> None:
        self.history.setdefault(key, []).append((reviewer, vote))
        if vote.label:
            self.votes.setdefault(key, {})[reviewer] = vote
        else:
            self.votes.get(key, {}).pop(reviewer, None)

    def _read_events(self) -> dict[tuple[str, str], str]:
        """How each decided spectrum had come before its reviewer."""
        found: dict[tuple[str, str], str] = {}
        path = self.private / "events.jsonl"
        for line in path.read_text().splitlines() if path.is_file() else []:
            try:
                event = json.loads(line)
            except ValueError:  # the last line of a server that was killed
                continue
            if event.get("event") == "skip":
                self.person(event["reviewer"]).skipped[event["key"]] = True
            else:
                found[event["reviewer"], event["key"]] = event["via"]
        return found

    def _note(self, events: list[dict]) -> None:
        append_synced(self.private / "events.jsonl", "".join(json.dumps(event) + "\n" for event in events).encode())

    # who has said what

    def person(self, reviewer: str) -> Person:
        """The reviewer's session."""
        return self.people.setdefault(reviewer, Person())

    def verdict(self, key: str) -> tuple[str, bool]:
        """Label a spectrum has by now ('' when undecided or tied), and whether an adjudicator gave it."""
        votes = self.votes.get(key, {})
        settled = [vote for reviewer, vote in votes.items() if reviewer.startswith(ADJUDICATOR)]
        if settled:
            return max(settled, key=lambda vote: vote.time).label, True
        count: dict[str, int] = {}
        for vote in votes.values():
            count[vote.label] = count.get(vote.label, 0) + 1
        best = [label for label, n in count.items() if n == max(count.values())]
        return (best[0], False) if len(best) == 1 else ("", False)

    def disputed(self, key: str) -> bool:
        """Whether reviewers differ about a spectrum and no adjudicator has settled it."""
        votes = self.votes.get(key, {})
        settled = any(reviewer.startswith(ADJUDICATOR) for reviewer in votes)
        return not settled and len({vote.label for vote in votes.values()}) > 1

    def disagreements(self) -> list[str]:
        """Disputed spectra in the queue's order, then those that are queued no more."""
        found = [key for key in self.votes if self.disputed(key)]
        return sorted(found, key=lambda key: (self.queue.place.get(key, len(self.queue)), key))

    def wanted(self, key: str) -> int:
        """How many reviewers are to look at a spectrum (the planned overlap)."""
        return len(self.assigned[key]) if key in self.assigned else 2 if key in self.shared else 1

    def _open_to(self, reviewer: str, key: str) -> bool:
        """Whether a spectrum still waits for this reviewer."""
        votes = self.votes.get(key, {})
        if reviewer in votes:
            return False
        names = self.assigned.get(key)
        if names:
            return reviewer in names or (reviewer not in self.named and len(votes) < len(names))
        return len(votes) < self.wanted(key)

    # what comes next

    def next(self, reviewer: str, count: int, held: Sequence[str] = (), *, alike: bool = False) -> list[str]:
        """The spectra a reviewer sees next; they are kept from others for a while.

        Mostly in the queue's order; a share drawn at random (the audit), a share whose answer is known (calibration).
        Skipped ones come again at the end. ``alike``: for the contact sheet, only such as have the consensus of the
        first in the order.
        """
        reviewer = reviewer_name(reviewer)
        with self.guard:
            person, now = self.person(reviewer), self.clock()
            mine = self.leases.setdefault(reviewer, {})
            for key in [key for key, (until, _) in mine.items() if until < now and key not in held]:
                del mine[key]
            taken = {key for name, leased in self.leases.items() if name != reviewer for key in leased}
            found = [key for key in mine if key not in held and self._still_waits(reviewer, key)][:count]
            if alike:
                found = []
            skip = set(held) | set(found)
            ordered, audit, tests = (
                self._candidates(source, reviewer, person, taken, skip)
                for source in (self.order, self.shuffled, self._tests(reviewer))
            )
            while len(found) < count:
                via = "order" if alike else self._draw(reviewer, person)
                key = next(tests, None) if via == "calibration" else None
                key = next(audit, None) if via == "audit" and key is None else key
                if key is None:
                    via, key = "order", next(ordered, None)
                if key is None:
                    break
                if alike and found and self.queue.consensus[key] != self.queue.consensus[found[0]]:
                    continue
                found.append(key)
                skip.add(key)
                mine[key] = (now + LEASE_SECONDS, via)
            if not found and not alike:  # nothing left but what was put off
                found = [key for key in person.skipped if key not in skip and self._open_to(reviewer, key)][:count]
            return found

    def waiting(self, reviewer: str | None = None) -> list[str]:
        """Spectra still to be decided by a reviewer, or by anyone, in their order."""
        if reviewer is None:
            return [key for key in self.order if len(self.votes.get(key, {})) < self.wanted(key)]
        return [key for key in self.order if self._open_to(reviewer_name(reviewer), key)]

    def _still_waits(self, reviewer: str, key: str) -> bool:
        if key in self.person(reviewer).skipped:
            return False
        via = self.leases[reviewer][key][1]
        return (reviewer, key) not in self.tested if via == "calibration" else self._open_to(reviewer, key)

    def _candidates(self, source, reviewer, person, taken, skip):
        for key in source:
            if key in skip or key in person.skipped:
                continue
            if source is self.order or source is self.shuffled:
                if not self._open_to(reviewer, key) or (key in taken and self.wanted(key) < 2):
                    continue
            yield key

    def _draw(self, reviewer: str, person: Person) -> str:
        """Where the next spectrum comes from; the same for the same reviewer at the same count."""
        person.drawn += 1
        digest = hashlib.blake2b(f"{self.queue.facts['seed']}|{reviewer}|{person.drawn}".encode(), digest_size=7)
        draw = int.from_bytes(digest.digest(), "big") / 2**56
        share = self.settings["calibration"]["share"]
        if draw < share:
            return "calibration"
        return "audit" if draw < share + self.settings["audit"] else "order"

    def _tests(self, reviewer: str) -> Iterable[str]:
        """Spectra whose answer is known and that this reviewer hasn't seen, in an order of their own.

        A generator: with long queues nothing is gathered until a calibration spectrum is drawn.
        """
        found = [key for key in self.answers() if (reviewer, key) not in self.tested]
        found = [key for key in found if reviewer not in self.votes.get(key, {})]
        yield from sorted(found, key=lambda key: share_of_key(key, f"test{reviewer}"))

    def answers(self) -> dict[str, set[str]]:
        """Right labels of the calibration spectra: the simulated ones, or where two others or more agreed."""
        if self.calibration:
            return self.calibration
        found = {}
        for key, votes in self.votes.items():
            label, settled = self.verdict(key)
            if label and key in self.queue.place and (settled or (len(votes) > 1 and not self.disputed(key))):
                found[key] = {label}
        return found

    def payload(self, key: str) -> dict:
        """What the page shows of a spectrum; KeyError for one that is in neither queue."""
        if key in self.queue.place:
            return self.queue.payload(key)
        if self.calibration_queue is not None and key in self.calibration:
            return self.calibration_queue.payload(key)
        raise KeyError(key)

    # decisions

    def decide(self, reviewer: str, rows: Sequence[dict], request: str, *, adjudicate: bool = False) -> dict:
        """Write decisions; they are on the disk when this returns.

        Parameters
        ----------
        reviewer : str
        rows : sequence of dict
            key, label, and optionally confidence, comment, via, seconds.
        request : str
            The sender's own name for this request: sent again (an answer got lost), nothing is written twice.
        adjudicate : bool
            The label settles a disagreement.

        Raises
        ------
        Refused
            For an unknown spectrum or label, or a method that has no velocity.
        """
        reviewer = reviewer_name(reviewer)
        with self.guard:
            if request in self.done:
                return self.done[request]
            checked = [self._checked(reviewer, row, adjudicate) for row in rows]
            author = ADJUDICATOR + reviewer if adjudicate else reviewer
            for test in (False, True):
                self._write(reviewer, author, [row for row in checked if row["test"] == test], test=test)
            self._note([self._event(reviewer, row) for row in checked])
            self.person(reviewer).times.append(time.time())
            answer = {"saved": len(checked), "time": checked[-1]["time"] if checked else ""}
            self.done[request] = answer
        return answer

    def _checked(self, reviewer: str, row: dict, adjudicate: bool) -> dict:
        key, label = str(row.get("key", "")), str(row.get("label", ""))
        lease = self.leases.get(reviewer, {}).get(key)
        test = key not in self.queue.place and key in self.calibration
        test = not adjudicate and (test or (bool(lease) and lease[1] == "calibration"))
        if not test and key not in self.queue.place and key not in self.votes:
            raise Refused(f"{key}: not a spectrum of this queue")
        if label not in self.labels:
            raise Refused(f"{label}: not a label of queue {self.queue.queue}")
        source = self.calibration_queue if key not in self.queue.place and self.calibration_queue else self.queue
        if key in source.place and label in source.forbidden(source.row(key)):
            raise Refused(f"{key}: no velocity by {label}")
        confidence = row.get("confidence")
        if confidence not in (None, "") and not 0 <= float(confidence) <= 1:
            raise Refused(f"confidence {confidence}: from 0 to 1")
        via = lease[1] if lease else str(row.get("via", "chosen"))
        via = "disagreement" if adjudicate else "sheet" if row.get("via") == "sheet" and via != "calibration" else via
        return {
            "key": key,
            "label": label,
            "confidence": "" if confidence in (None, "") else f"{float(confidence):g}",
            "comment": plain_comment(row.get("comment", "")),
            "via": via if via in VIA else "chosen",
            "seconds": row.get("seconds"),
            "test": test,
        }

    def _write(self, reviewer: str, author: str, rows: list[dict], *, test: bool, undo: bool = False) -> None:
        if not rows:
            return
        known = [vote.time for row in rows for _, vote in self.history.get(row["key"], [])]
        times = self.journal.times(len(rows), max(known, default=None))
        written = [
            {**row, "spectrum_key": row["key"], "reviewer": author, "time": moment}
            for row, moment in zip(rows, times, strict=True)
        ]
        path = self._test_file if test else self.journal.path(reviewer)
        changed = self._stamps() != self._seen
        self.journal.append(path, written)
        if not undo:
            steps = [(test, author, row["key"], self._vote(test, author, row["key"])) for row in rows]
            self.person(reviewer).undo.append(steps)
        for row, moment in zip(rows, times, strict=True):
            row["time"] = moment
            confidence = float(row["confidence"]) if row["confidence"] else None
            vote = Vote(row["label"], confidence, datetime.fromisoformat(moment), row["comment"])
            if test:
                self.tested[author, row["key"]] = vote
            else:
                self._take(author, row["key"], vote)
            self.leases.get(reviewer, {}).pop(row["key"], None)
            self.person(reviewer).skipped.pop(row["key"], None)
        if not changed:  # else the next refresh takes up what others wrote
            self._seen = self._stamps()

    def _vote(self, test: bool, author: str, key: str) -> Vote | None:
        return self.tested.get((author, key)) if test else self.votes.get(key, {}).get(author)

    def _event(self, reviewer: str, row: dict) -> dict:
        self.via[reviewer, row["key"]] = row["via"]
        seconds = row["seconds"]
        seconds = round(float(seconds), 2) if isinstance(seconds, int | float) else None
        return {
            "event": "decided",
            "time": row["time"],
            "reviewer": reviewer,
            "key": row["key"],
            "via": row["via"],
            "seconds": seconds,
        }

    def undo(self, reviewer: str, request: str) -> dict:
        """Take the reviewer's last decision back (all of a sheet at once); the row before it counts again.

        Raises
        ------
        Refused
            When there is nothing to undo.
        """
        reviewer = reviewer_name(reviewer)
        with self.guard:
            if request in self.done:
                return self.done[request]
            person = self.person(reviewer)
            steps = person.undo.pop() if person.undo else self._last_of(reviewer)
            if not steps:
                raise Refused("nothing to undo")
            for test, author, key, before in steps:
                row = {"key": key, "label": before.label if before else "", "comment": before.comment if before else ""}
                row["confidence"] = "" if before is None or before.confidence is None else f"{before.confidence:g}"
                self._write(reviewer, author, [row], test=test, undo=True)
                if author == reviewer and before is None:  # it is the next to be shown, also after a reload
                    lease = (self.clock() + LEASE_SECONDS, self.via.get((reviewer, key), "chosen"))
                    self.leases[reviewer] = {key: lease, **self.leases.get(reviewer, {})}
            if person.times:
                person.times.pop()
            self.done[request] = {"undone": [key for _, _, key, _ in steps]}
            return self.done[request]

    def _last_of(self, reviewer: str) -> list:
        """After a restart: the reviewer's newest decision that still stands."""
        rows = [
            (vote.time, key, author)
            for key, votes in self.votes.items()
            for author, vote in votes.items()
            if author in (reviewer, ADJUDICATOR + reviewer)
        ]
        if not rows:
            return []
        _, key, author = max(rows)
        earlier = [vote for name, vote in self.history[key][:-1] if name == author]
        return [(False, author, key, earlier[-1] if earlier and earlier[-1].label else None)]

    def skip(self, reviewer: str, key: str) -> None:
        """Put a spectrum off: it comes again when nothing else is left."""
        reviewer = reviewer_name(reviewer)
        with self.guard:
            person = self.person(reviewer)
            person.skipped.pop(key, None)
            person.skipped[key] = True
            self.leases.get(reviewer, {}).pop(key, None)
            self._note([{"event": "skip", "reviewer": reviewer, "key": key}])

    # active learning

    def learn(self) -> bool:
        """Put first what the decisions so far say will change the catalogue; true when the order is new.

        From ``review.active.after`` decisions on, and again every ``review.active.every``. Not in the queue `random`:
        the share of wrong ones among those looked at stands for all, and must stay a random sample.
        """
        if self.queue.queue == "random":
            return False
        from mstars_desk.active import chance_of_change, design, reorder
        from mstars_desk.agreement import changes

        after, every = (self.settings["active"][name] for name in ("after", "every"))
        if after is None or len(self.votes) < max(after, self.learned + every if self.learned else 0):
            return False
        with self.guard:
            known = {key: changes(self, key) for key in self.votes if key in self.queue.place}
            rows = sorted(self.queue.place[key] for key, changed in known.items() if changed is not None)
            if len(rows) < after or (self.learned and len(rows) < self.learned + every):
                return False
            self.learned = len(rows)
            changed = [known[self.queue.keys[row]] for row in rows]
        if self._design is None:
            self._design = design(self.queue.table, self.queue.features())
        score = chance_of_change(self._design, rows, changed)
        if score is None:
            return False
        order = reorder(self.queue.keys, dict(zip(self.queue.keys, score, strict=True)))
        with self.guard:
            self.order = order
        return True

    # how far we are

    def progress(self, reviewer: str) -> dict:
        """Counts for the bar at the top: the queue's, the reviewer's, the rate and the time left.

        Calibration spectra count like others, those to come too: a number that stood still would give them away.
        """
        reviewer = reviewer_name(reviewer)
        with self.guard:
            seen = [key for key in self.votes if key in self.queue.place]
            decided = sum(1 for key in seen if self.votes[key])
            mine = sum(1 for key in seen if reviewer in self.votes[key])
            # of those no one has decided all are open that are not another's
            left = len(self.queue) - len(seen) + sum(self._open_to(reviewer, key) for key in seen)
            if reviewer in self.named:
                left -= sum(
                    1 for key, names in self.assigned.items() if reviewer not in names and key not in self.votes
                )
            tests, tested = self._planned_tests(reviewer, mine + left)
            decided, mine, left = decided + tested, mine + tested, left + max(tests - tested, 0)
            rate = per_minute(self.person(reviewer).times)
            return {
                "total": len(self.queue) + tests,
                "decided": decided,
                "mine": mine,
                "left": left,
                "rate": rate,
                "minutes_left": left / rate if rate else None,
                "disagreements": len(self.disagreements()),
                "skipped": len(self.person(reviewer).skipped),
            }

    def _planned_tests(self, reviewer: str, count: int) -> tuple[int, int]:
        """Calibration spectra that come among ``count`` others of a reviewer, and those decided already."""
        share = self.settings["calibration"]["share"]
        if not share:
            return 0, 0
        tested = sum(1 for (name, _), vote in self.tested.items() if name == reviewer and vote.label)
        expected = round(count * share / (1.0 - share)) if share < 1.0 else tested
        return max(min(expected, tested + sum(1 for _ in self._tests(reviewer))), tested), tested

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


def per_minute(times: Sequence[float]) -> float | None:
    """Decisions a minute over the last hundred, pauses left out; None before the third."""
    recent = list(times)[-100:]
    gaps = [b - a for a, b in zip(recent, recent[1:], strict=False) if b - a < PAUSE_SECONDS]
    total = sum(gaps)
    return 60.0 * len(gaps) / total if len(gaps) > 1 and total > 0 else None
