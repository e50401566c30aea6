"""Systematic differences and dispersions of all comparisons in one table."""

from mstars.files.tables import read_table, write_table
from mstars.files.whole import atomic_path
from mstars.literature.catalogues import all_statistics
from mstars.ops.job import job
from mstars.paper.paper_tables import classes_table, statistics_table
from mstars.paper.rendering import to_html, to_markdown

with job(snakemake):
    given, survey = snakemake.input, snakemake.params.survey
    table = all_statistics([read_table(path) for path in [*given.statistics, given.groups]])
    write_table(table, snakemake.output.table)
    tables = [statistics_table(table, survey), classes_table(read_table(given.classes), survey)]
    with atomic_path(snakemake.output.markdown) as temporary:
        temporary.write_text("\n".join(map(to_markdown, tables)))
    with atomic_path(snakemake.output.page) as temporary:
        temporary.write_text(to_html(tables))
