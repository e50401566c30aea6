"""Principal components and band-head steps of M stars, against which spectra are scored."""

from pathlib import Path

from mstars.classify.outliers import fit_to_stores, m_stars, save_outlier_model
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, read_tables
from mstars.ops.job import job

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    rows = m_stars(read_table(given.table), read_tables(given.spt), read_tables(given.wdm))
    options = {name: params.settings[name] for name in ("n_component", "quantile")}
    about = {"trained_on": params.kind, "survey": params.survey}
    model = fit_to_stores(rows, stores_by_batch(given.stores), **options, about=about)
    save_outlier_model(model, Path(snakemake.output.model).parent)
    log.info("%(n_stars)d stars, %(n_clipped)d of them clipped, %(n_component)d components", model.about)
    if model.steps is None:
        log.warning("too few M stars to know their band heads: S stars are not looked for")
