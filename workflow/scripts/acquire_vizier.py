"""Fetch a table from VizieR by its identifier."""

from pathlib import Path

from mstars.archives.fetch import fetch_one
from mstars.archives.settings import fetcher, vizier_url
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    url = vizier_url(params.url, params.identifier)
    fetch_one([url], Path(made.table), "table", fetcher(params.fetching)).write(made.manifest)
