"""TML7500, template matching by stretch of wavelength, and DSEL of the rv candidates."""

import numpy as np
import pandas as pd

from mstars.core.config.velocities import Rvmm
from mstars.files.stores import read_batch, stores_by_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.templates.library import load_library
from mstars.velocity.match.library_bank import SHORT_END, bank_of, stretch_banks
from mstars.velocity.stage import remeasure

with job(snakemake) as log:
    options = Rvmm(**snakemake.params.settings)
    selection = read_table(snakemake.input.selection, ["spectrum_key", "candidate"])
    plan = read_table(snakemake.input.plan, ["spectrum_key", "batch", "role"])
    plan = plan[
        (plan["role"] == "candidate") & plan["spectrum_key"].isin(selection["spectrum_key"][selection["candidate"]])
    ]
    library = load_library(snakemake.input.templates, sources=snakemake.params.sources)
    bank = bank_of(library, options.tm, end=SHORT_END)
    stretches = stretch_banks(library, options.tm)
    # of no spectra: the columns, should there be no candidate
    stores = stores_by_batch(snakemake.input.spectra)
    parts = [remeasure(read_batch(snakemake.input.spectra[0], slice(0, 0)), bank, options, stretches)]
    for batch, rows in plan.groupby("batch"):
        spectra = read_batch(stores[batch])
        spectra = spectra.select(np.isin(spectra.spectrum_key, rows["spectrum_key"].to_numpy(dtype=str)))
        parts.append(remeasure(spectra, bank, options, stretches, snakemake.threads))
    table = pd.concat(parts[1:] or parts, ignore_index=True)
    write_table(table, snakemake.output[0])
    log.info("%d candidates, %d with emission lines", len(table), np.isfinite(table["rv_dsel"]).sum())
