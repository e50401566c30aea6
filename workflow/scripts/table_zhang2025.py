"""The numbers that Zhang et al. 2025 print and those of this run."""

from mstars.ops.job import job
from mstars.paper.rendering import write_table_files
from mstars.paper.zhang2025 import zhang2025_table

with job(snakemake):
    params = snakemake.params
    write_table_files(zhang2025_table(snakemake.input, params.survey, params.simulated), snakemake.output)
