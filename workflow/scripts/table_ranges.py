"""Table 10: recommended ranges of the parameters."""

from mstars.compare.rendering import write_table_files
from mstars.compare.tables import ranges_table
from mstars.store import read_json
from mstars.workflow import job

with job(snakemake):
    write_table_files(ranges_table(read_json(snakemake.input[0])), snakemake.output)
