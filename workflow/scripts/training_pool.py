"""Spectra and labels that CNN-SPT and CNN-WDM are trained on, and which labels of the M catalogue to trust."""

from mstars.classify.class_tables import read_class_tables
from mstars.classify.screening import screen_pool
from mstars.classify.training_sets import scm_pool
from mstars.files.json_files import write_json
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    pool, excluded = scm_pool(
        read_table(given.m_catalog),
        read_table(given.class_catalog),
        read_table(given.spectra, ["spectrum_key", "batch", "row"]),
        read_table(given.stars, ["spectrum_key", "star_id"]),
        read_table(given.photometry, ["spectrum_key", "CMD_flag", "CMD_pos"]),
        classes=params.classes,
        settings=params.settings,
        radius_arcsec=params.radius_arcsec,
        seed=params.seed,
        class_tables=read_class_tables(given.class_tables),
    )
    pool = screen_pool(pool, stores_by_batch(given.stores), how=params.settings["screen"], seed=params.seed)
    write_table(pool, snakemake.output.pool)
    write_json(excluded, snakemake.output.excluded)
    log.info("%s", pool["label"].value_counts().to_dict())
    log.info("%d labels M not trusted; left out %s", (~pool["kept"]).sum(), excluded)
