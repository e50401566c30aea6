"""m_catalog_v3 and Table 7 from the decisions."""

import pandas as pd

from mstars.store import atomic_path, read_table, write_table
from mstars.velocity import apply_decisions, table7
from mstars.workflow import job

with job(snakemake) as log:
    given = snakemake.input
    queue = read_table(given.candidates)
    catalog = apply_decisions(read_table(given.m_catalog), queue, read_table(given.decisions))
    write_table(catalog, snakemake.output.m_catalog)
    counts = pd.Series(table7(catalog, queue), name="number").rename_axis("rv_from").reset_index()
    with atomic_path(snakemake.output.table7) as path:
        counts.to_csv(path, index=False)
    log.info("Table 7: %s", dict(zip(counts["rv_from"], counts["number"], strict=True)))
