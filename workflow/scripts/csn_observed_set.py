"""Observed training set of Cycle-StarNet."""

from mstars.engines.csn.observed_set import observed_set
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    table, summary = observed_set(
        read_table(given.m_catalog),
        read_table(given.spectra, ["spectrum_key", "batch", "row"]),
        read_table(given.stars),
        read_table(given.photometry),
        kind=snakemake.wildcards.kind,
        settings=params.settings,
        seed=params.seed,
    )
    write_table(table, snakemake.output.table)
    write_json(summary, snakemake.output.summary)
    log.info("%d spectra of %d stars; left out %s", summary["spectra"], summary["stars"], summary["excluded"])
