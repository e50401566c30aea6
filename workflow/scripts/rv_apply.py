"""m_catalog_v3 and Table 7 from the decisions; TM and DSAL combined and the zero point against Gaia beside them."""

import pandas as pd

from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.velocity.decide.apply import apply_decisions, table7
from mstars.velocity.decide.best import best_velocity
from mstars.velocity.decide.zero_point import repeat_pulls, zero_point

with job(snakemake) as log:
    given = snakemake.input
    queue, gaia = read_table(given.candidates), read_table(given.gaia)
    catalog = apply_decisions(read_table(given.m_catalog), queue, read_table(given.decisions))
    measured = catalog[["spectrum_key"]].merge(read_table(given.selection), on="spectrum_key", how="left")
    shift, summary = zero_point(catalog, gaia)
    best = best_velocity(measured, common_kms=snakemake.params.common_kms)
    catalog = pd.concat([catalog.reset_index(drop=True), best, shift.reset_index(drop=True)], axis=1)
    write_table(catalog, snakemake.output.m_catalog)
    stars = measured.merge(gaia[["spectrum_key", "star_id"]].drop_duplicates("spectrum_key"), on="spectrum_key")
    summary["repeats_tm"] = repeat_pulls(stars)
    write_json(summary, snakemake.output.zero_point)
    counts = pd.Series(table7(catalog, queue), name="number").rename_axis("rv_from").reset_index()
    with atomic_path(snakemake.output.table7) as path:
        counts.to_csv(path, index=False)
    log.info("Table 7: %s", dict(zip(counts["rv_from"], counts["number"], strict=True)))
    log.info("velocity minus Gaia's: %(value).2f +- %(error).2f km/s (%(n)d spectra), not applied", summary["all"])
    log.info("TM, repeats of a star: %s", summary["repeats_tm"])
