"""How large an integer may be that identifies something."""

from __future__ import annotations

EXACT_IN_FLOAT = 2**53
"""The largest float64 that still counts one by one: larger identifiers stored as such have lost digits."""

LARGEST_INT64 = 2**63 - 1
"""The largest integer of a column of integers."""
