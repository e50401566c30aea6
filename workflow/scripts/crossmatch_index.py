"""Write a large external catalogue in the order of the sky."""

from mstars.ops.job import job
from mstars.sky.catalogues import CATALOGUES
from mstars.sky.index import write_index

with job(snakemake) as log:
    name = snakemake.wildcards.catalogue
    of = CATALOGUES[name]
    n = write_index(snakemake.input[0], of.columns, f"external.{name}", snakemake.output[0], of.clean)
    log.info("%d rows of %s", n, snakemake.input[0])
