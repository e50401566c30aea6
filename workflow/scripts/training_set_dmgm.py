"""Training set of CNN-dMgM."""

from mstars.classify.training_sets import dmgm_training_set
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    table, summary = dmgm_training_set(
        read_table(given.m_catalog),
        read_table(given.spectra, ["spectrum_key", "batch", "row"]),
        read_table(given.stars, ["spectrum_key", "star_id"]),
        read_table(given.photometry, ["spectrum_key", "CMD_flag", "CMD_pos"]),
        settings=snakemake.params.settings,
        radius_arcsec=snakemake.params.radius_arcsec,
        seed=snakemake.params.seed,
    )
    write_table(table, snakemake.output.table)
    write_json(summary, snakemake.output.summary)
    log.info("counts %s; left out %s", summary["counts"], summary["excluded"])
