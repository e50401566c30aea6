"""One literature catalogue of the simulated survey."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.simulate.literature_catalogs import literature_catalogue, write_catalogue

with job(snakemake):
    name = snakemake.wildcards.catalog
    table = literature_catalogue(read_table(snakemake.input.truth), name, snakemake.params.seed)
    write_catalogue(table, name, snakemake.output.table, snakemake.output.description)
