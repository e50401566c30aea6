"""Band indices and H alpha of the M stars of a batch."""

import numpy as np
import pandas as pd

from mstars.files.stores import iter_batch, read_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.spectra.band_indices import band_indices, derived

with job(snakemake) as log:
    rv = read_table(snakemake.input.m_catalog, ["spectrum_key", "rv"]).set_index("spectrum_key")["rv"]
    parts = []
    nothing = [read_batch(snakemake.input.spectra, slice(0, 0))]  # the columns, should the batch be empty
    for spectra in [*nothing, *iter_batch(snakemake.input.spectra)]:
        spectra = spectra.select(np.isin(spectra.spectrum_key, rv.index.to_numpy(dtype=str)))
        table = band_indices(spectra, rv.reindex(spectra.spectrum_key).to_numpy(dtype=float))
        parts.append(table.join(derived(table, snakemake.params.calibration)))
    table = pd.concat(parts, ignore_index=True)
    write_table(table, snakemake.output[0])
    log.info("%d spectra, %d active", len(table), (table["active"] == 1).sum())
