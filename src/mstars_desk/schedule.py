"""Which spectrum a reviewer sees next, and who else sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from mstars.review.queues import share_of_key
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.votes import Votes

LEASE_SECONDS = 900.0
"""A spectrum handed to one reviewer is kept from the others for this long."""


@dataclass(frozen=True)
class Lease:
    """A spectrum that a reviewer has on the page.

    Attributes
    ----------
    until : float
        When it ends, by the schedule's clock, seconds.
    via : str
        How the spectrum was chosen: order, audit, calibration or chosen.
    """

    until: float
    via: str


class Schedule:
    """The order of a queue, and what each reviewer has on the page or has put off.

    Parameters
    ----------
    queue : QueueFolder
    votes : Votes
    clock : callable
        Seconds, for the leases.

    Attributes
    ----------
    order : list of str
        Keys of the queue in the order they are shown.
    assigned : dict of str to set of str
        Reviewers that a spectrum is assigned to (``review.reviewers``). Empty without named reviewers.
    shared : set of str
        Spectra that two reviewers see (``review.overlap``).
    leases : dict of str to dict of str to Lease
        For each reviewer the spectra on the page.
    skipped : dict of str to dict of str to None
        For each reviewer the spectra put off, in the order in which they were.
    """

    def __init__(self, queue: QueueFolder, votes: Votes, clock: Callable[[], float]):
        self.queue, self.votes, self.clock = queue, votes, clock
        settings = queue.settings
        self.order = list(queue.keys)
        self._shuffled = sorted(queue.keys, key=lambda key: share_of_key(key, f"audit{queue.facts['seed']}"))
        assigned = queue.table.get("assigned", pd.Series([""] * len(queue))).fillna("").astype(str)
        self.assigned = {key: set(names.split(";")) for key, names in zip(queue.keys, assigned, strict=True) if names}
        self.named = set(settings["reviewers"])
        self.shared = {key for key in queue.keys if share_of_key(key, "overlap") < settings["overlap"]}
        self._audit_share, self._calibration_share = settings["audit"], settings["calibration"]["share"]
        self.leases: dict[str, dict[str, Lease]] = {}
        self._drawn: dict[str, int] = {}
        self.reload()

    def reload(self) -> None:
        """Read again which spectra were put off."""
        self.skipped: dict[str, dict[str, None]] = {}
        for event in self.votes.events.read():
            if event.get("event") == "skip":
                self._put_off(event["reviewer"], event["key"])
            else:
                self.skipped.get(event["reviewer"], {}).pop(event["key"], None)

    # whose turn it is

    def wanted(self, key: str) -> int:
        """How many reviewers a spectrum needs: those it is assigned to, two where it is shared, else one."""
        return len(self.assigned[key]) if key in self.assigned else 2 if key in self.shared else 1

    def open_to(self, reviewer: str, key: str) -> bool:
        """Whether a spectrum still waits for this reviewer."""
        votes = self.votes.of(key)
        if reviewer in votes:
            return False
        names = self.assigned.get(key)
        if names:
            return reviewer in names or (reviewer not in self.named and len(votes) < len(names))
        return len(votes) < self.wanted(key)

    def waiting(self, reviewer: str | None = None) -> list[str]:
        """Spectra that still wait for a reviewer, or for anyone, in their order."""
        if reviewer is None:
            return [key for key in self.order if len(self.votes.of(key)) < self.wanted(key)]
        return [key for key in self.order if self.open_to(reviewer, key)]

    def left(self, reviewer: str) -> int:
        """How many spectra still wait for a reviewer: the length of `waiting`, counted faster."""
        seen = [key for key in self.votes.standing if key in self.queue.place]
        count = len(self.queue) - len(seen) + sum(self.open_to(reviewer, key) for key in seen)
        if reviewer in self.named:  # what is assigned to others alone does not wait for this one
            unseen = (names for key, names in self.assigned.items() if key not in self.votes.standing)
            count -= sum(1 for names in unseen if reviewer not in names)
        return count

    def put_off_by(self, reviewer: str) -> list[str]:
        """Spectra that the reviewer put off and that still wait for them."""
        return [key for key in self.skipped.get(reviewer, {}) if self.open_to(reviewer, key)]

    # what comes next

    def next(self, reviewer: str, count: int, held: Sequence[str] = (), *, alike: bool = False) -> list[str]:
        """Keys of the spectra a reviewer sees next. They are leased: kept from others for `LEASE_SECONDS`.

        Most come in the queue's order. The share ``review.audit`` is drawn at random, and the share
        ``review.calibration.share`` are calibration spectra. Spectra put off come when nothing else is left.

        Parameters
        ----------
        reviewer : str
        count : int
            How many at most.
        held : sequence of str
            Keys that the page has already.
        alike : bool
            For the contact sheet: only spectra in the queue's order that have the consensus of the first one.
        """
        mine = self.leases.setdefault(reviewer, {})
        self._end_leases(reviewer, held)
        found: list[str] = []
        if not alike:
            found = [key for key in mine if key not in held and self._lease_stands(reviewer, key)][:count]
        passed = set(held) | set(found)
        draws = self._draws(reviewer, passed, "order" if alike else None)
        while len(found) < count and (drawn := next(draws, None)) is not None:
            key, via = drawn
            if alike and found and self.queue.consensus[key] != self.queue.consensus[found[0]]:
                continue
            found.append(key)
            passed.add(key)
            mine[key] = Lease(self.clock() + LEASE_SECONDS, via)
        if not found and not alike:
            found = [key for key in self.put_off_by(reviewer) if key not in passed][:count]
        return found

    def _draws(self, reviewer: str, passed: set[str], always: str | None) -> Iterator[tuple[str, str]]:
        """Spectra one by one with how each was chosen, until the queue's order has none left."""
        taken = {key for name, leased in self.leases.items() if name != reviewer for key in leased}
        put_off = self.skipped.get(reviewer, {})
        ordered = self._free(self.order, reviewer, taken, passed, put_off)
        audit = self._free(self._shuffled, reviewer, taken, passed, put_off)
        blind = (key for key in self.unseen_calibration(reviewer) if key not in passed and key not in put_off)
        while True:
            via = always or self._source(reviewer)
            key = next(blind, None) if via == "calibration" else next(audit, None) if via == "audit" else None
            if key is None:
                via, key = "order", next(ordered, None)
            if key is None:
                return
            yield key, via

    def _free(self, keys: Iterable[str], reviewer: str, taken, passed, put_off) -> Iterator[str]:
        for key in keys:
            if key in passed or key in put_off or not self.open_to(reviewer, key):
                continue
            if key not in taken or self.wanted(key) > 1:
                yield key

    def _source(self, reviewer: str) -> str:
        """Where the next spectrum comes from. It is the same for the same reviewer at the same count."""
        self._drawn[reviewer] = self._drawn.get(reviewer, 0) + 1
        text = f"{self.queue.facts['seed']}|{reviewer}|{self._drawn[reviewer]}"
        draw = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big") / 2**56
        if draw < self._calibration_share:
            return "calibration"
        return "audit" if draw < self._calibration_share + self._audit_share else "order"

    def unseen_calibration(self, reviewer: str) -> Iterator[str]:
        """Calibration spectra that a reviewer hasn't seen, in an order of the reviewer's own.

        A generator: in a long queue nothing is gathered until a calibration spectrum is drawn.
        """
        found = [key for key in self.votes.right_labels() if (reviewer, key) not in self.votes.blind]
        found = [key for key in found if reviewer not in self.votes.of(key)]
        yield from sorted(found, key=lambda key: share_of_key(key, f"test{reviewer}"))

    def calibration_plan(self, reviewer: str, count: int) -> tuple[int, int]:
        """Calibration spectra planned among ``count`` others of a reviewer, and how many of them are decided."""
        share = self._calibration_share
        if not share:
            return 0, 0
        done = sum(1 for (name, _), vote in self.votes.blind.items() if name == reviewer and vote.label)
        expected = round(count * share / (1.0 - share)) if share < 1.0 else done
        there_are = done + sum(1 for _ in self.unseen_calibration(reviewer))
        return max(min(expected, there_are), done), done

    # leases

    def lease(self, reviewer: str, key: str) -> Lease | None:
        """The reviewer's lease of a spectrum, where there is one."""
        return self.leases.get(reviewer, {}).get(key)

    def release(self, reviewer: str, key: str) -> None:
        """A spectrum is decided: it is neither on the reviewer's page nor put off any more."""
        self.leases.get(reviewer, {}).pop(key, None)
        self.skipped.get(reviewer, {}).pop(key, None)

    def show_again(self, reviewer: str, key: str) -> None:
        """A decision was taken back: the reviewer sees the spectrum next, also after the page is opened again."""
        lease = Lease(self.clock() + LEASE_SECONDS, self.votes.via.get((reviewer, key), "chosen"))
        self.leases[reviewer] = {key: lease, **self.leases.get(reviewer, {})}

    def skip(self, reviewer: str, key: str) -> None:
        """Put a spectrum off: it comes again when nothing else is left."""
        self._put_off(reviewer, key)
        self.leases.get(reviewer, {}).pop(key, None)
        self.votes.events.append([{"event": "skip", "reviewer": reviewer, "key": key}])

    def _put_off(self, reviewer: str, key: str) -> None:
        mine = self.skipped.setdefault(reviewer, {})
        mine.pop(key, None)
        mine[key] = None

    def _end_leases(self, reviewer: str, held: Sequence[str]) -> None:
        mine, now = self.leases[reviewer], self.clock()
        for key in [key for key, lease in mine.items() if lease.until < now and key not in held]:
            del mine[key]

    def _lease_stands(self, reviewer: str, key: str) -> bool:
        if key in self.skipped.get(reviewer, ()):
            return False
        if self.leases[reviewer][key].via == "calibration":
            return (reviewer, key) not in self.votes.blind
        return self.open_to(reviewer, key)
