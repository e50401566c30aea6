"""Table 8: residuals of each fold's model on its own validation set."""

from mstars.files.tables import write_table
from mstars.ops.job import job
from mstars.paper.numbers_of_run import folds_of_run
from mstars.paper.paper_tables import cross_validation_table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    table = folds_of_run(given.models, given.validation, params.kinds, params.folds)
    write_table(table, snakemake.output.table)
    write_table_files(cross_validation_table(table), snakemake.output[:4])
