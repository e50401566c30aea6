"""One literature catalogue of the simulated survey."""

from mstars.simulate.literature import literature_catalogue, write_catalogue
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    name = snakemake.wildcards.catalog
    table = literature_catalogue(read_table(snakemake.input.truth), name, snakemake.params.seed)
    write_catalogue(table, name, snakemake.output.table, snakemake.output.description)
