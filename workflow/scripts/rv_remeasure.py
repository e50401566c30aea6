"""TML7500, template matching by stretch of wavelength, and DSEL of the rv candidates."""

from mstars.core.config.velocities import Rvmm
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.templates.library import load_library
from mstars.velocity.stage import remeasure_queue

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    selection = read_table(given.selection, ["spectrum_key", "candidate"])
    plan = read_table(given.plan, ["spectrum_key", "batch"], role="candidate")
    queue = plan.merge(selection.loc[selection["candidate"], ["spectrum_key"]], on="spectrum_key")
    library = load_library(given.templates, sources=params.sources)
    stores = stores_by_batch(given.spectra)
    table = remeasure_queue(queue, stores, library, Rvmm(**params.settings), snakemake.threads)
    write_table(table, snakemake.output[0])
    log.info("%d candidates, %d with emission lines", len(table), table["rv_dsel"].notna().sum())
