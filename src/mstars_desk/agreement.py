"""How much the reviewers can be trusted, and what is still to be expected of the undecided."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mstars.review.decisions import ADJUDICATOR, labels
from mstars.validate.shares import wilson
from mstars_desk.session import Desk

TABLES = {"scm": 1, "dgcm": 4, "rv": 7}
"""The paper's table of each queue."""


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Agreement of two reviewers beyond chance (Cohen 1960): 1 perfect, 0 as by chance; NaN where chance is certain.

    Parameters
    ----------
    first, second : sequence of str, [n]
        Their labels of the same spectra.
    """
    a, b = np.asarray(first, dtype=object), np.asarray(second, dtype=object)
    if len(a) == 0:
        return float("nan")
    observed = float(np.mean(a == b))
    chance = sum(float(np.mean(a == name) * np.mean(b == name)) for name in set(a) | set(b))
    return (observed - chance) / (1.0 - chance) if chance < 1.0 else float("nan")


def pairs(desk: Desk) -> list[dict]:
    """Each pair of reviewers: spectra both have labelled, share with the same label, kappa."""
    people = sorted({name for votes in desk.votes.values() for name in votes if not name.startswith(ADJUDICATOR)})
    found = []
    for one, two in combinations(people, 2):
        both = [votes for votes in desk.votes.values() if one in votes and two in votes]
        if both:
            a, b = ([votes[name].label for votes in both] for name in (one, two))
            same = sum(x == y for x, y in zip(a, b, strict=True)) / len(both)
            found.append({"reviewers": [one, two], "n": len(both), "same": same, "kappa": cohen_kappa(a, b)})
    return found


def accuracy(desk: Desk) -> list[dict]:
    """Each reviewer's share of right labels on the blind calibration spectra, with 95 % limits (Wilson)."""
    answers, count = desk.answers(), {}
    for (reviewer, key), vote in desk.tested.items():
        if vote.label and key in answers:
            hits, n = count.get(reviewer, (0, 0))
            count[reviewer] = (hits + (vote.label in answers[key]), n + 1)
    found = []
    for reviewer, (hits, n) in sorted(count.items()):
        low, high = wilson(hits, n)
        found.append({"reviewer": reviewer, "n": n, "share": hits / n, "low": low, "high": high})
    return found


def changes(desk: Desk, key: str) -> bool | None:
    """Whether the decision about a spectrum changes the catalogue; None while there is none."""
    label, _ = desk.verdict(key)
    if not label:
        return None
    if label == "M" and desk.queue.queue in ("dgcm", "random"):
        return False  # the consensus decides between dwarf and giant
    return label != desk.queue.consensus[key]


def expectation(desk: Desk) -> dict:
    """How many of the undecided would change the catalogue, measured on those shown at random (the audit).

    The queue is shown in an order that isn't random, so the share of changes among the decided says nothing about the
    rest. Those shown by the audit are a random sample of the queue; the ones among them that lie behind the first
    undecided spectrum of the order are a random sample of what the order has not reached.

    Returns
    -------
    dict
        decided, changed, undecided; sample and sample_changed (of the audit); expected, low, high: changes to be
        expected among the undecided, with 95 % limits (Wilson), None without a sample.
    """
    verdict = {key: changes(desk, key) for key in desk.queue.keys}
    undecided = [key for key in desk.order if verdict[key] is None]
    decided = [changed for changed in verdict.values() if changed is not None]
    result = {"decided": len(decided), "changed": sum(decided), "undecided": len(undecided)}
    audited = {key for (_, key), via in desk.via.items() if via == "audit" and verdict.get(key) is not None}
    frontier = desk.order.index(undecided[0]) if undecided else len(desk.order)
    sample = [verdict[key] for key in desk.order[frontier:] if key in audited]
    low, high = wilson(sum(sample), len(sample))
    scale = len(undecided)
    known = bool(sample) or not undecided
    return result | {
        "sample": len(sample),
        "sample_changed": sum(sample),
        "expected": (scale * sum(sample) / len(sample) if sample else 0.0) if known else None,
        "low": (scale * low if sample else 0.0) if known else None,
        "high": (scale * high if sample else 0.0) if known else None,
    }


def counts(desk: Desk) -> dict[str, int]:
    """How many spectra of the queue have each label by now, and how many are in dispute."""
    found = {name: 0 for name in labels(desk.queue.queue)}
    for key in desk.queue.keys:
        label, _ = desk.verdict(key)
        if label:
            found[label] += 1
    return {name: n for name, n in found.items() if n} | {"(in dispute)": sum(map(desk.disputed, desk.queue.keys))}


def summary(desk: Desk) -> str:
    """All of it as text."""
    expected = expectation(desk)
    lines = [f"queue {desk.queue.queue} of survey {desk.queue.survey}: {len(desk.queue)} spectra", ""]
    lines.append(
        f"decided {expected['decided']} ({expected['changed']} change the catalogue), undecided {expected['undecided']}"
    )
    if expected["expected"] is None:
        lines.append("changes among the undecided: not measured (no audited spectrum is decided; review.audit)")
    else:
        limits = f"{expected['low']:.0f} to {expected['high']:.0f}"
        sample = f"{expected['sample_changed']} of {expected['sample']} shown at random"
        lines.append(f"changes expected among the undecided: {expected['expected']:.0f} (95 %: {limits}; {sample})")
    number = TABLES.get(desk.queue.queue)
    lines += ["", f"Labels so far (Table {number} of the paper)" if number else "Labels so far"]
    lines += [f"  {name}: {n}" for name, n in counts(desk).items()]
    for title, rows in (("Agreement", _agreement(desk)), ("Accuracy on calibration spectra", _accuracy(desk))):
        lines += ["", title, *(rows or ["  nothing yet"])]
    return "\n".join(lines)


def _agreement(desk: Desk) -> list[str]:
    return [
        f"  {' and '.join(row['reviewers'])}: {row['same']:.1%} of {row['n']} alike, Cohen's kappa "
        + ("not defined: one label alone" if np.isnan(row["kappa"]) else f"{row['kappa']:.3f}")
        for row in pairs(desk)
    ]


def _accuracy(desk: Desk) -> list[str]:
    return [
        f"  {row['reviewer']}: {row['share']:.1%} of {row['n']} right (95 %: {row['low']:.1%} to {row['high']:.1%})"
        for row in accuracy(desk)
    ]
