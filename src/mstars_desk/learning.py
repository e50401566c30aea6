"""Active learning: the decisions so far tell which of the undecided spectra are likeliest to change the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.review.queues import VELOCITIES
from mstars_desk.queue_folder import QueueFolder
from mstars_desk.votes import Votes

LEFT_OUT = ("obsid", "row", "fiberid", "source_id", "plate", "n_spectra", "ra_obs", "dec_obs", "priority")
"""Columns of evidence that name a spectrum and say nothing about it."""

CATEGORIES = ("consensus_label", "spt_class", "wdm_class", "dmgm_class", "lamost_class", "CMD_pos", "candidate_reasons")
"""Columns of evidence that are names; each name becomes a column of 0 and 1."""

REGULARISATION = 0.05
"""Inverse strength of the logistic regression's penalty: a few hundred decisions stand against some hundred columns."""


@dataclass(frozen=True)
class Sample:
    """Decided spectra of a queue.

    Attributes
    ----------
    rows : list of int, [k]
        Their rows in the queue's table.
    changed : list of bool, [k]
        Whether the decision changes the catalogue.
    """

    rows: list[int]
    changed: list[bool]


class Learner:
    """Puts a queue into a new order as decisions come in.

    It begins after ``review.active.after`` decisions and learns again after every ``review.active.every`` more. It
    never orders the queue `random`: the spectra looked at there must stay a random sample.

    Parameters
    ----------
    queue : QueueFolder
    """

    def __init__(self, queue: QueueFolder):
        self.queue = queue
        self._after, self._every = (queue.settings["active"][name] for name in ("after", "every"))
        self._learned = 0
        self._design: np.ndarray | None = None

    def sample(self, votes: Votes) -> Sample | None:
        """The decided spectra, when there are enough new ones to learn from; else None."""
        if self.queue.name == "random" or self._after is None:
            return None
        least = max(self._after, self._learned + self._every) if self._learned else self._after
        if len(votes.standing) < least:
            return None
        queued = [key for key in votes.standing if key in self.queue.place]
        known = {self.queue.place[key]: votes.changes_catalogue(key) for key in queued}
        rows = sorted(row for row, changed in known.items() if changed is not None)
        if len(rows) < least:
            return None
        self._learned = len(rows)
        return Sample(rows, [known[row] for row in rows])

    def order(self, sample: Sample) -> list[str] | None:
        """Keys of the queue, the likeliest changes first; None while all decisions are alike."""
        if self._design is None:
            self._design = design(self.queue.table, self.queue.features())
        chance = chance_of_change(self._design, sample.rows, sample.changed)
        if chance is None:
            return None
        return [self.queue.keys[row] for row in np.argsort(-chance, kind="stable")]


def design(table: pd.DataFrame, features: dict[str, np.ndarray]) -> np.ndarray:
    """What the learner sees of each spectrum: features, evidence, and differences of velocities.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        The queue with its evidence.
    features : dict of str to ndarray, [f]
        Features of each spectrum_key; a spectrum without any has zeros.

    Returns
    -------
    ndarray, float64 [n, m]
        Standardised columns. A missing value is the column's median, and another column tells that it was missing.
    """
    count = len(table)
    size = len(next(iter(features.values()))) if features else 0
    nothing = np.zeros(size, np.float32)
    parts = [np.array([features.get(key, nothing) for key in table["spectrum_key"]], dtype=float).reshape(count, size)]
    parts += _filled(_measured(table))
    parts += [
        pd.get_dummies(table[name].fillna("").astype(str)).to_numpy(dtype=float) for name in CATEGORIES if name in table
    ]
    matrix = np.column_stack(parts)
    low, high = np.quantile(matrix, [0.005, 0.995], axis=0)
    matrix = np.clip(matrix, low, high)
    spread = matrix.std(axis=0)
    varies = spread > 1e-9
    return (matrix - matrix.mean(axis=0))[:, varies] / spread[varies]


def _measured(table: pd.DataFrame) -> np.ndarray:
    """Columns that are numbers, and log(1 + |difference|) of each pair of velocities; NaN where missing."""
    names = [name for name in table if name not in LEFT_OUT and pd.api.types.is_numeric_dtype(table[name])]
    columns = list(table[names].astype(float).to_numpy().T)
    speeds = [columns[names.index(name)] for name in VELOCITIES if name in names]
    for k, one in enumerate(speeds):
        columns += [np.log1p(np.abs(one - two)) for two in speeds[k + 1 :]]
    return np.column_stack(columns) if columns else np.zeros((len(table), 0))


def _filled(values: np.ndarray) -> list[np.ndarray]:
    """The values with each column's median in place of what is missing, and the columns that tell where."""
    missing = ~np.isfinite(values)
    medians = np.array([np.median(c[np.isfinite(c)]) if np.isfinite(c).any() else 0.0 for c in values.T])
    return [np.where(missing, medians, values), missing[:, missing.any(axis=0)].astype(float)]


def chance_of_change(matrix: np.ndarray, rows: Sequence[int], changed: Sequence[bool]) -> np.ndarray | None:
    """Probability that a decision about each spectrum changes the catalogue: a logistic regression.

    Parameters
    ----------
    matrix : ndarray, [n, m]
        From `design`.
    rows, changed : sequence, [k]
        The decided spectra, and whether their decision was a change.

    Returns
    -------
    ndarray or None, [n]
        None while all decisions are alike.
    """
    from sklearn.linear_model import LogisticRegression  # takes as long to load as all else the desk needs

    if len(set(changed)) < 2:
        return None
    learner = LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=500)
    learner.fit(matrix[np.asarray(rows)], np.asarray(changed, dtype=int))
    return learner.predict_proba(matrix)[:, 1]
