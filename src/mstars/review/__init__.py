"""What people decide about spectra: queues to look at, and decisions taken up (DESIGN.md, section 3)."""

from mstars.review.decisions import (
    ADJUDICATOR,
    COLUMNS,
    QUEUES,
    check_decisions,
    label_keys,
    labels,
    newest_rows,
    read_decisions,
    resolve,
)
from mstars.review.evidence import desk_facts, with_evidence
from mstars.review.queue import export_queue, picture_name, write_pictures

__all__ = [
    "ADJUDICATOR",
    "COLUMNS",
    "QUEUES",
    "check_decisions",
    "desk_facts",
    "export_queue",
    "label_keys",
    "labels",
    "newest_rows",
    "picture_name",
    "read_decisions",
    "resolve",
    "with_evidence",
    "write_pictures",
]
