"""Training set of CNN-TLMA of one class."""

from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.parameters.training_set import tlma_training_set

with job(snakemake) as log:
    given = snakemake.input
    table, summary = tlma_training_set(
        read_table(given.m_catalog),
        read_table(given.apogee),
        read_table(given.spectra, ["spectrum_key", "batch", "row"]),
        read_table(given.stars, ["spectrum_key", "star_id"]),
        kind=snakemake.wildcards.kind,
        settings=snakemake.params.settings,
        rv_cut=snakemake.params.rv_cut,
        radius_arcsec=snakemake.params.radius_arcsec,
        seed=snakemake.params.seed,
    )
    write_table(table, snakemake.output.table)
    write_json(summary, snakemake.output.summary)
    log.info("%d spectra of %d stars; left out %s", summary["spectra"], summary["stars"], summary["excluded"])
