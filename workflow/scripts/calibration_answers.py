"""The right labels of a queue of a simulated survey, for the blind calibration of reviewers."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.validate.answers import right_labels

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    table = right_labels(
        snakemake.wildcards.queue, read_table(given.truth), read_table(given.candidates), params.tolerance
    )
    write_table(table, snakemake.output[0])
    log.info("%d candidates, %d with a right label", len(table), (table["right"] != "").sum())
