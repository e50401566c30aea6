"""A table of Li et al. 2021."""

from mstars.ops.job import job
from mstars.paper.figures.li2021_of_run import table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    params = snakemake.params
    write_table_files(
        table(snakemake.wildcards.name, snakemake.input, params.survey, params.simulated), snakemake.output
    )
