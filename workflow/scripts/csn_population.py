"""Labels of the synthetic spectra of Cycle-StarNet."""

from pathlib import Path

import pandas as pd

from mstars.engines.csn.population import synthetic_set
from mstars.engines.csn.theory import emulator_limits
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    paths = [given.reference] if isinstance(given.reference, str) else given.reference
    references = [read_table(path) for path in paths]
    if len(references) > 1:
        log.warning("WARNING: %d catalogues with scales of their own make the reference together", len(references))
    reference = pd.concat([table[["teff", "m_h"]] for table in references if {"teff", "m_h"} <= set(table)])
    settings = params.settings
    table = synthetic_set(
        read_table(given.isochrones),
        reference,
        emulator_limits(Path(given.emulator).parent, wildcards.kind, settings),
        settings["population"],
        n=settings["population"]["synthetic"],
        seed=params.seed,
        variant=wildcards.part,
    )
    write_table(table, snakemake.output[0])
    log.info("%d synthetic spectra after %d reference stars", len(table), len(reference))
