"""Fetch APOGEE's allStar."""

from pathlib import Path

from mstars.archives.fetch import fetch_one
from mstars.archives.published import wanted_as_published
from mstars.archives.settings import check_columns, fetcher
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    wanted = wanted_as_published(params.urls, Path(made.table), "fits")
    fetch_one(wanted, fetcher(params.fetching), check_columns("apogee")).write(made.manifest)
