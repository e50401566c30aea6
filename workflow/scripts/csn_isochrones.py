"""Isochrones of one age, from the packaged grid or the user's own files."""

from mstars.engines.csn.population import METALLICITIES
from mstars.files.tables import write_table
from mstars.ops.job import job
from mstars.paper.isochrones import fetch_grid, of_age, read_isochrones

with job(snakemake) as log:
    params, files = snakemake.params, list(snakemake.input)
    if files:
        table = of_age(read_isochrones(files), params.log_age)
    else:
        table = fetch_grid(params.own, METALLICITIES, params.log_age)
    write_table(table, snakemake.output[0])
    log.info("%d points of [M/H] %s", len(table), sorted(set(table["m_h"])))
