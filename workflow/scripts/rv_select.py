"""LAMOST velocities against TM and DSAL: which are reliable."""

from dataclasses import asdict

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job
from mstars.velocity.decide.bands import select
from mstars.velocity.decide.lamost_error import measure_lamost_error

with job(snakemake) as log:
    given = snakemake.input
    catalog = read_table(given.m_catalog)
    lamost_error = measure_lamost_error(catalog, read_table(given.gaia))
    options = SelectionOptions(**snakemake.params.settings)
    table, summary = select(catalog, read_tables(given.measured), options, lamost_error)
    write_table(table, snakemake.output.table)
    write_json(summary | {"lamost_error": asdict(lamost_error)}, snakemake.output.summary)
    log.info("added to LAMOST's c z_err: %s km/s by S/N interval", [round(kms, 1) for kms in lamost_error.added_kms])
    for name, band in summary["bands"].items():
        log.info(
            "%s - LAMOST: %.2f +- %g x %.2f km/s, %d compared", name, band["mean"], band["k"], band["sigma"], band["n"]
        )
    log.info("%d of %d are candidates", summary["n_candidates"], summary["n"])
