"""The review queue rv."""

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.velocity.decide.queue import rv_queue

with job(snakemake) as log:
    given = snakemake.input
    table = rv_queue(
        read_table(given.selection),
        read_table(given.remeasured),
        read_table(given.m_catalog),
        SelectionOptions(**snakemake.params.settings),
    )
    write_table(table, snakemake.output[0])
    log.info("%d candidates: %s", len(table), table["candidate_reasons"].value_counts().to_dict())
    log.info("consensus: %s", table["consensus_label"].value_counts().to_dict())
