"""Fetch the dust map Bayestar19."""

from mstars.archives.dust import fetch_bayestar
from mstars.ops.job import job

with job(snakemake):
    fetch_bayestar(snakemake.output.dust).write(snakemake.output.manifest)
