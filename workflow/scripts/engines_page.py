"""The page of the engines, and the precision of their repeats."""

from mstars.files.tables import write_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.paper.engine_page import page_of_run

with job(snakemake):
    text, precision = page_of_run(snakemake.input, snakemake.params.survey)
    write_table(precision, snakemake.output.precision)
    with atomic_path(snakemake.output.page) as temporary:
        temporary.write_text(text)
