"""Fetch APOGEE's allStar, and describe it as a literature catalogue where the rule says so."""

from pathlib import Path

from mstars.archives.fetch import fetch_one
from mstars.archives.published import wanted_as_published
from mstars.archives.settings import check_columns, fetcher
from mstars.literature.fetched import write_description
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    wanted = wanted_as_published(params.urls, Path(made.table), "fits")
    fetch_one(wanted, fetcher(params.fetching), check_columns("apogee")).write(made.manifest)
    if description := made.get("description"):
        write_description(Path(description).stem, made.table, description)
