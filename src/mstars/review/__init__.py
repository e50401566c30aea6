"""What people decide about spectra: queues to look at, and decisions taken up (DESIGN.md, section 3)."""

from mstars.review.decisions import (
    COLUMNS,
    QUEUES,
    check_decisions,
    labels,
    read_decisions,
    resolve,
)
from mstars.review.queue import export_queue, picture_name, write_pictures

__all__ = [
    "COLUMNS",
    "QUEUES",
    "check_decisions",
    "export_queue",
    "labels",
    "picture_name",
    "read_decisions",
    "resolve",
    "write_pictures",
]
