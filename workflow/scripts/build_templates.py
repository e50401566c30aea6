"""Put the published spectra on one grid, in vacuum, at rest."""

from mstars.templates import build_library
from mstars.workflow import job

with job(snakemake) as log:
    library = build_library(snakemake.input.packages, snakemake.output[0], snakemake.params.extra, log)
    for (source, kind), rows in library.table.groupby(["source", "kind"]):
        log.info("%s: %d of kind %s", source, len(rows), kind)
