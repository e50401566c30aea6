"""Which rows of a table stay, and how many each reason took out."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from mstars.core.errors import InputError


class RowFilter:
    """Rows still in, and how many each reason took out (the first that applies counts)."""

    def __init__(self, pool: pd.DataFrame):
        self.kept = np.ones(len(pool), bool)
        self.counts: dict[str, int] = {}

    def add(self, reason: str, mask) -> None:
        """Drop the rows where ``mask``, bool [n], is true. Those that were still kept count for this reason."""
        mask = np.asarray(mask, dtype=bool)
        self.counts[reason] = int(np.count_nonzero(mask & self.kept))
        self.kept &= ~mask

    def follow(self, pool: pd.DataFrame) -> None:
        """Check that a join has kept one row for each row of the pool; an `InputError` when it hasn't."""
        if len(pool) != len(self.kept):
            raise InputError("a table of spectra, stars or photometry has one spectrum_key twice; run its rule again")


def table_hash(table: pd.DataFrame) -> str:
    """Hash of a training set's rows: same set, same hash."""
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()
