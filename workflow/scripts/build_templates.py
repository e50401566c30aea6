"""Put the published spectra on one grid, in vacuum, at rest."""

from mstars.ops.job import job
from mstars.templates.build import build_library

with job(snakemake) as log:
    library = build_library(snakemake.input.packages, snakemake.output[0], snakemake.params.extra, log)
    for (source, kind), rows in library.table.groupby(["source", "kind"]):
        log.info("%s: %d of kind %s", source, len(rows), kind)
