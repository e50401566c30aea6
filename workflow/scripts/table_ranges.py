"""Table 10: recommended ranges of the parameters."""

from mstars.files.json_files import read_json
from mstars.ops.job import job
from mstars.paper.paper_tables import ranges_table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    write_table_files(ranges_table(read_json(snakemake.input[0])), snakemake.output)
