"""m_catalog_v3 and Table 7 from the decisions: the paper's and the best velocity, and the zero point against Gaia."""

import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.files.json_files import write_json
from mstars.files.tables import beside, read_table, write_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.velocity.decide.apply import CATALOG_COLUMNS, GAIA_COLUMNS, apply_decisions, final_velocities, table7

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    queue, options = read_table(given.candidates), SelectionOptions(**params.settings)
    catalog = apply_decisions(read_table(given.m_catalog, CATALOG_COLUMNS), queue, read_table(given.decisions))
    more = {"common_kms": params.common_kms, "which": params.rv}
    others = read_table(given.selection), queue, read_table(given.gaia, GAIA_COLUMNS)
    catalog, summary = final_velocities(catalog, *others, options, **more)
    del others
    added = catalog.drop(columns=CATALOG_COLUMNS[1:])
    write_table(beside(read_table(given.m_catalog), added, given.m_catalog), snakemake.output.m_catalog)
    write_json(summary, snakemake.output.zero_point)
    counts = pd.Series(table7(catalog, queue), name="number").rename_axis("rv_from").reset_index()
    with atomic_path(snakemake.output.table7) as path:
        counts.to_csv(path, index=False)
    log.info("Table 7: %s", dict(zip(counts["rv_from"], counts["number"], strict=True)))
    log.info("velocity from: %s", catalog["rv_from"].value_counts().to_dict())
    log.info("velocity minus Gaia's: %(value).2f +- %(error).2f km/s (%(n)d spectra), not applied", summary["all"])
    log.info("repeats of a star, TM: %(repeats_tm)s; rv: %(repeats_rv)s", summary)
