"""What people decide about spectra: queues to look at, and decisions taken up (DESIGN.md, section 3)."""

from mstars.review.decisions import (
    COLUMNS,
    QUEUES,
    check_decisions,
    labels,
    read_decisions,
    resolve,
)

__all__ = [
    "COLUMNS",
    "QUEUES",
    "check_decisions",
    "labels",
    "read_decisions",
    "resolve",
]
