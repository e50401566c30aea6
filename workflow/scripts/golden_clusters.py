"""Cleaning of the golden sample's candidates by clusters, and the queue of those that no cluster holds."""

import pandas as pd

from mstars.engines.laspm.golden.sample import cluster_candidates, ready_spectra
from mstars.engines.laspm.golden.theory import shapes_by_kind
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, made, settings = snakemake.input, snakemake.output, snakemake.params.settings
    shapes = shapes_by_kind(given.theory, settings)
    candidates = read_table(given.labels)
    candidates = candidates[candidates["source"] != ""]
    tables, queues = [], []
    for kind, own in candidates.groupby("luminosity_class"):
        own = own.reset_index(drop=True)
        spectra = ready_spectra(own, stores_by_batch(given.stores), settings, shapes.get(kind))
        found = cluster_candidates(own, spectra, settings)
        tables.append(found.table)
        queues.append(found.queue)
        log.info("%s: %d candidates, radius %.3g, %s", kind, len(own), found.cleaned.eps,
                 found.table["status"].value_counts().to_dict())  # fmt: skip
    write_table(pd.concat(tables, ignore_index=True), made.table)
    write_table(pd.concat(queues, ignore_index=True), made.queue)
