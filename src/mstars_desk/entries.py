"""A decision as the page sends it: checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mstars.review.decisions import labels
from mstars_desk.blind_spectra import BlindSpectra
from mstars_desk.journal import plain_comment
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.schedule import Lease

VIA = ("order", "audit", "calibration", "sheet", "disagreement", "chosen")
"""How a spectrum can come before a reviewer."""


class Refused(Exception):
    """A request that can't be met. The reviewer is told why, and nothing is written."""


@dataclass(frozen=True)
class Entry:
    """One decision, ready to be written.

    Attributes
    ----------
    key, label, confidence, comment : str
        As the decision file has them; confidence is empty or a number from 0 to 1.
    via : str
        One of `VIA`.
    seconds : float or None
        How long the reviewer looked at the spectrum.
    blind : bool
        Whether it is about a calibration spectrum.
    """

    key: str
    label: str
    confidence: str
    comment: str
    via: str
    seconds: float | None
    blind: bool

    @property
    def row(self) -> dict[str, str]:
        """Columns of the decision file."""
        return {"key": self.key, "label": self.label, "confidence": self.confidence, "comment": self.comment}


def checked_entry(
    given: Mapping,
    queue: QueueFolder,
    blind_spectra: BlindSpectra,
    *,
    lease: Lease | None,
    decided: bool,
    adjudicate: bool,
) -> Entry:
    """Check what the page sent about one spectrum.

    Parameters
    ----------
    given : mapping
        key and label; where there are, confidence, comment, via and seconds.
    queue : QueueFolder
    blind_spectra : BlindSpectra
    lease : Lease or None
        The reviewer's lease of the spectrum.
    decided : bool
        Whether there are decisions about the spectrum already. Such a spectrum is taken even when the queue has it no
        more.
    adjudicate : bool
        Whether the label settles a disagreement.

    Returns
    -------
    Entry

    Raises
    ------
    Refused
        For an unknown spectrum or label, a method that has no velocity, or a confidence outside 0 to 1.
    """
    key, label = str(given.get("key", "")), str(given.get("label", ""))
    queued = key in queue.place
    drawn_blind = lease is not None and lease.via == "calibration"
    blind = not adjudicate and (drawn_blind or (not queued and key in blind_spectra.right))
    if not (blind or queued or decided):
        raise Refused(f"{key}: not a spectrum of this queue")
    if label not in labels(queue.name):
        raise Refused(f"{label}: not a label of queue {queue.name}")
    source = queue if queued or blind_spectra.queue is None else blind_spectra.queue
    if key in source.place and label in source.forbidden(source.row(key)):
        raise Refused(f"{key}: no velocity by {label}")
    seconds = given.get("seconds")
    return Entry(
        key=key,
        label=label,
        confidence=_confidence(given.get("confidence")),
        comment=plain_comment(given.get("comment", "")),
        via=_via(given, lease, adjudicate),
        seconds=round(float(seconds), 2) if isinstance(seconds, int | float) else None,
        blind=blind,
    )


def _confidence(given) -> str:
    if given in (None, ""):
        return ""
    if not 0 <= float(given) <= 1:
        raise Refused(f"confidence {given}: from 0 to 1")
    return f"{float(given):g}"


def _via(given: Mapping, lease: Lease | None, adjudicate: bool) -> str:
    if adjudicate:
        return "disagreement"
    said = str(given.get("via", "chosen"))
    leased = lease.via if lease else said
    via = "sheet" if said == "sheet" and leased != "calibration" else leased
    return via if via in VIA else "chosen"
