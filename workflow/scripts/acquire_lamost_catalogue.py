"""Fetch a catalogue of LAMOST's."""

from pathlib import Path

from mstars.archives.fetch import fetch_one
from mstars.archives.settings import fetcher
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    url = params.url.format(name=snakemake.wildcards.file)
    fetch_one([url], Path(made.table), "fits", fetcher(params.fetching, lamost=True)).write(made.manifest)
