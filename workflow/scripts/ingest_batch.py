"""The files of one batch as a store."""

import time

from mstars.files.stores import write_batch
from mstars.files.tables import read_table
from mstars.lamost.ingest import ingest_batch
from mstars.ops.job import job

with job(snakemake) as log:
    plan = read_table(snakemake.input.plan, batch=snakemake.wildcards.batch)
    start = time.perf_counter()
    spectra, header, rejected = ingest_batch(plan)
    spectra.ivar_masks = snakemake.params.step_1 == "ormask_ivar"
    write_batch(snakemake.output[0], spectra, header, rejected, {"batch": snakemake.wildcards.batch})
    rate = len(plan) / (time.perf_counter() - start)
    log.info("%d spectra, %d rejected, %.0f files/s", len(spectra), len(rejected), rate)
