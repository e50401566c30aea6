"""Tables 1, 4 and 7: what the candidates of a queue were found to be."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.paper_tables import inspection_table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    number = int(snakemake.wildcards.product.removeprefix("tab"))
    decisions = read_table(snakemake.input[0])
    write_table_files(inspection_table(number, snakemake.wildcards.queue, decisions), snakemake.output)
