"""m_catalog_v3 and Table 7 from the decisions: the paper's and the best velocity, and the zero point against Gaia."""

import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.velocity.decide.apply import apply_decisions, choose, combine_methods, table7
from mstars.velocity.decide.zero_point import repeat_pulls, zero_point

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    queue, gaia, selection = read_table(given.candidates), read_table(given.gaia), read_table(given.selection)
    catalog = apply_decisions(read_table(given.m_catalog), queue, read_table(given.decisions))
    options = SelectionOptions(**params.settings)
    best, offsets = combine_methods(catalog, selection, queue, options, common_kms=params.common_kms)
    catalog = choose(pd.concat([catalog.reset_index(drop=True), best], axis=1), params.rv)
    shift, summary = zero_point(catalog, gaia)
    catalog = pd.concat([catalog, shift.reset_index(drop=True)], axis=1)
    write_table(catalog, snakemake.output.m_catalog)
    stars = catalog.merge(selection[["spectrum_key", "rv_tm", "rv_tm_err"]], on="spectrum_key")
    stars = stars.merge(gaia[["spectrum_key", "star_id"]].drop_duplicates("spectrum_key"), on="spectrum_key")
    summary["repeats_tm"], summary["repeats_rv"] = repeat_pulls(stars), repeat_pulls(stars, "rv", "rv_err")
    write_json(summary | {"method_offsets_kms": offsets}, snakemake.output.zero_point)
    counts = pd.Series(table7(catalog, queue), name="number").rename_axis("rv_from").reset_index()
    with atomic_path(snakemake.output.table7) as path:
        counts.to_csv(path, index=False)
    log.info("Table 7: %s", dict(zip(counts["rv_from"], counts["number"], strict=True)))
    log.info("velocity from: %s", catalog["rv_from"].value_counts().to_dict())
    log.info("velocity minus Gaia's: %(value).2f +- %(error).2f km/s (%(n)d spectra), not applied", summary["all"])
    log.info("repeats of a star, TM: %s; rv: %s", summary["repeats_tm"], summary["repeats_rv"])
