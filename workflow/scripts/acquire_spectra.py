"""Fetch the spectra of a part."""

from pathlib import Path

from mstars.archives.lamost import fetch_spectra
from mstars.archives.settings import fetcher
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake):
    params = snakemake.params
    table = read_table(snakemake.input[0], part=snakemake.wildcards.part)
    through = fetcher(params.fetching, lamost=True)
    manifest = fetch_spectra(table, Path(params.folder), params.url, through, params.fetching["downloads"])
    manifest.write(snakemake.output[0])
