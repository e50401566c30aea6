"""How far the reviewers can be trusted, and how many changes to expect among the undecided spectra."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mstars.core.robust import share_limits
from mstars.review.decisions import ADJUDICATOR, labels
from mstars_desk.votes import Votes

TABLES = {"scm": 1, "dgcm": 4, "rv": 7}
"""The paper's table of each queue's labels."""


def kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Agreement of two reviewers beyond chance (Cohen 1960): 1 is perfect, 0 is chance.

    Parameters
    ----------
    first, second : sequence of str, [n]
        Their labels of the same spectra.

    Returns
    -------
    float
        NaN where both gave one and the same label to all, or there are no spectra.
    """
    from sklearn.metrics import cohen_kappa_score  # takes as long to load as all else the desk needs

    if len(set(first) | set(second)) < 2:
        return float("nan")
    return float(cohen_kappa_score(first, second))


def reviewer_pairs(votes: Votes) -> list[dict]:
    """Agreement of each two reviewers who have spectra in common.

    Returns
    -------
    list of dict
        ``reviewers``; ``n``, spectra both have labelled; ``same``, share with the same label; ``kappa``.
    """
    people = sorted({name for said in votes.standing.values() for name in said if not name.startswith(ADJUDICATOR)})
    found = []
    for one, two in combinations(people, 2):
        both = [said for said in votes.standing.values() if one in said and two in said]
        if both:
            a, b = ([said[name].label for said in both] for name in (one, two))
            same = sum(x == y for x, y in zip(a, b, strict=True)) / len(both)
            found.append({"reviewers": [one, two], "n": len(both), "same": same, "kappa": kappa(a, b)})
    return found


def accuracy(votes: Votes) -> list[dict]:
    """Each reviewer's share of right labels on the calibration spectra.

    Returns
    -------
    list of dict
        ``reviewer``, ``n``, ``share``, and ``low`` and ``high``, its 95 % limits (Wilson 1927).
    """
    right, count = votes.right_labels(), {}
    for (reviewer, key), vote in votes.blind.items():
        if vote.label and key in right:
            hits, n = count.get(reviewer, (0, 0))
            count[reviewer] = (hits + (vote.label in right[key]), n + 1)
    found = []
    for reviewer, (hits, n) in sorted(count.items()):
        low, high = map(float, share_limits(hits, n))
        found.append({"reviewer": reviewer, "n": n, "share": hits / n, "low": low, "high": high})
    return found


def expectation(votes: Votes, order: Sequence[str]) -> dict:
    """How many of the undecided spectra would change the catalogue.

    The queue's order is not random, so the share of changes among the decided spectra tells nothing about the rest.
    The audit's spectra are a random sample of the queue. Those of them that stand behind the first undecided spectrum
    of the order are a random sample of what the order has not reached, and their share of changes is the estimate.

    Parameters
    ----------
    votes : Votes
    order : sequence of str
        Keys of the queue in the order they are shown.

    Returns
    -------
    dict
        ``decided``, ``changed``, ``undecided``: spectra. ``sample``, ``sample_changed``: those of the audit.
        ``expected``, ``low``, ``high``: changes among the undecided and their 95 % limits (Wilson 1927), None without
        a sample.
    """
    verdict = {key: votes.changes_catalogue(key) for key in order}
    undecided = [key for key in order if verdict[key] is None]
    decided = [changed for changed in verdict.values() if changed is not None]
    audited = {key for (_, key), via in votes.via.items() if via == "audit" and verdict.get(key) is not None}
    frontier = order.index(undecided[0]) if undecided else len(order)
    sample = [verdict[key] for key in order[frontier:] if key in audited]
    result = {
        "decided": len(decided),
        "changed": sum(decided),
        "undecided": len(undecided),
        "sample": len(sample),
        "sample_changed": sum(sample),
    }
    if sample:
        shares = (sum(sample) / len(sample), *map(float, share_limits(sum(sample), len(sample))))
    else:
        shares = (0.0, 0.0, 0.0) if not undecided else (None, None, None)
    scaled = (None if share is None else len(undecided) * share for share in shares)
    return result | dict(zip(("expected", "low", "high"), scaled, strict=True))


def label_counts(votes: Votes) -> dict[str, int]:
    """How many spectra of the queue have each label by now, and how many are in dispute."""
    found = {name: 0 for name in labels(votes.queue.name)}
    for key in votes.queue.keys:
        label, _ = votes.verdict(key)
        if label:
            found[label] += 1
    return {name: n for name, n in found.items() if n} | {"(in dispute)": sum(map(votes.disputed, votes.queue.keys))}


def summary_text(votes: Votes, order: Sequence[str]) -> str:
    """Progress, labels so far, agreement and accuracy as text."""
    queue, expected = votes.queue, expectation(votes, order)
    lines = [f"queue {queue.name} of survey {queue.survey}: {len(queue)} spectra", ""]
    lines.append(
        f"decided {expected['decided']} ({expected['changed']} change the catalogue), undecided {expected['undecided']}"
    )
    if expected["expected"] is None:
        lines.append("changes among the undecided: not measured, as no spectrum of the audit is decided (review.audit)")
    else:
        limits = f"{expected['low']:.0f} to {expected['high']:.0f}"
        sample = f"{expected['sample_changed']} of {expected['sample']} shown at random"
        lines.append(f"changes expected among the undecided: {expected['expected']:.0f} (95 %: {limits}; {sample})")
    number = TABLES.get(queue.name)
    lines += ["", f"Labels so far (Table {number} of the paper)" if number else "Labels so far"]
    lines += [f"  {name}: {n}" for name, n in label_counts(votes).items()]
    for title, rows in (("Agreement", _agreement(votes)), ("Accuracy on calibration spectra", _accuracy(votes))):
        lines += ["", title, *(rows or ["  nothing yet"])]
    return "\n".join(lines)


def _agreement(votes: Votes) -> list[str]:
    return [
        f"  {' and '.join(row['reviewers'])}: {row['same']:.1%} of {row['n']} alike, Cohen's kappa "
        + ("not defined: one label alone" if np.isnan(row["kappa"]) else f"{row['kappa']:.3f}")
        for row in reviewer_pairs(votes)
    ]


def _accuracy(votes: Votes) -> list[str]:
    return [
        f"  {row['reviewer']}: {row['share']:.1%} of {row['n']} right (95 %: {row['low']:.1%} to {row['high']:.1%})"
        for row in accuracy(votes)
    ]
