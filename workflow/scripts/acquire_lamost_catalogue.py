"""Fetch a catalogue of LAMOST's."""

from pathlib import Path

from mstars.archives.fetch import Wanted, fetch_one
from mstars.archives.settings import fetcher
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    url = params.url.format(name=snakemake.wildcards.file)
    wanted = Wanted([url], Path(made.table))
    fetch_one(wanted, fetcher(params.fetching, lamost=True)).write(made.manifest)
