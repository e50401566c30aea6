"""Fetch APOGEE's allStar."""

from pathlib import Path

from mstars.archives.fetch import fetch_one
from mstars.archives.settings import check_columns, fetcher
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    through = fetcher(params.fetching)
    fetch_one(params.urls, Path(made.table), "fits", through, check_columns("apogee")).write(made.manifest)
