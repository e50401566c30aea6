"""The numbers the paper prints and those of this run."""

from mstars.files.tables import write_table
from mstars.ops.job import job
from mstars.paper.numbers import compare_numbers
from mstars.paper.numbers_of_run import numbers_of_run
from mstars.paper.paper_tables import comparison_table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    params = snakemake.params
    table = compare_numbers(numbers_of_run(snakemake.input, params.tasks, params.rv_cut, params.snr_min))
    write_table(table, snakemake.output.numbers)
    write_table_files(comparison_table(table, params.survey, params.simulated), snakemake.output[:4])
