"""Tables 2, 3, 5, 6 and 9: external numbers, features, lines and columns."""

from mstars.ops.job import job
from mstars.paper.paper_tables import resource_table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    number = int(snakemake.wildcards.product.removeprefix("tab"))
    write_table_files(resource_table(number), snakemake.output)
