"""Tables 2, 3, 5, 6 and 9: external numbers, features, lines and columns."""

from mstars.ops.job import job
from mstars.paper.paper_tables import columns_table, external_table, resource_table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    number = int(snakemake.wildcards.product.removeprefix("tab"))
    make = {2: external_table, 9: columns_table}.get(number, lambda: resource_table(number))
    write_table_files(make(), snakemake.output)
