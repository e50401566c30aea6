"""What people decide about spectra: queues to look at, and decisions taken up (DESIGN.md, section 3)."""

from mstars.on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "decisions": [
            "ADJUDICATOR",
            "COLUMNS",
            "QUEUES",
            "check_decisions",
            "label_keys",
            "labels",
            "newest_rows",
            "read_decisions",
            "resolve",
        ],
        "evidence": ["desk_facts", "with_evidence"],
        "queue": ["export_queue", "picture_name", "write_pictures"],
    },
)
