"""Fetch the dust map Bayestar19."""

from mstars.archives.dust import fetch_bayestar
from mstars.archives.settings import fetcher
from mstars.ops.job import job

with job(snakemake):
    params, made = snakemake.params, snakemake.output
    fetch_bayestar(params.dataverse, made.dust, fetcher(params.fetching)).write(made.manifest)
