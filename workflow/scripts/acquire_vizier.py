"""Fetch a table from VizieR by its identifier."""

from pathlib import Path

from mstars.archives.asked import vizier_url
from mstars.archives.fetch import Wanted, fetch_one
from mstars.archives.settings import check_rows, fetcher
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    url = vizier_url(params.url, params.identifier, params.columns)
    fetch_one(Wanted([url], Path(made.table), "table"), fetcher(params.fetching), check_rows).write(made.manifest)
