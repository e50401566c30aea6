"""Principal components and band-head steps of M stars, against which spectra are scored."""

from pathlib import Path

from mstars.classify.flux_bins import read_features
from mstars.classify.outliers import fit_outlier_model, m_stars, save_outlier_model
from mstars.classify.zirconium import fit_steps
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, read_tables
from mstars.ops.job import job

with job(snakemake) as log:
    given, settings = snakemake.input, snakemake.params.settings
    rows = m_stars(read_table(given.table), read_tables(given.spt), read_tables(given.wdm))
    features = read_features(rows, stores_by_batch(given.stores))
    model = fit_outlier_model(
        features["flux"],
        features["variance"],
        n_component=settings["n_component"],
        quantile=settings["quantile"],
        about={"trained_on": snakemake.params.kind, "survey": snakemake.params.survey},
    )
    model.steps = fit_steps(features["steps"], features["step_variance"])
    save_outlier_model(model, Path(snakemake.output.model).parent)
    log.info("%(n_stars)d stars, %(n_clipped)d of them clipped, %(n_component)d components", model.about)
    if model.steps is None:
        log.warning("too few M stars to know their band heads: S stars are not looked for")
