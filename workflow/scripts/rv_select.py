"""LAMOST velocities against TM and DSAL: which are reliable."""

from mstars.files.json_files import write_json
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job
from mstars.velocity.decide.bands import select
from mstars.velocity.decide.options import SelectionOptions

with job(snakemake) as log:
    given = snakemake.input
    table, summary = select(
        read_table(given.m_catalog), read_tables(given.measured), SelectionOptions(**snakemake.params.settings)
    )
    write_table(table, snakemake.output.table)
    write_json(summary, snakemake.output.summary)
    for name, band in summary["bands"].items():
        log.info(
            "%s - LAMOST: %.2f +- %g x %.2f km/s, %d compared", name, band["mean"], band["k"], band["sigma"], band["n"]
        )
    log.info("%d of %d are candidates", summary["n_candidates"], summary["n"])
