"""Principal components of M stars, against which spectra are scored."""

from pathlib import Path

from mstars.classify import fit_outlier_model, read_m_stars, save_outlier_model
from mstars.store import read_table, read_tables
from mstars.workflow import job

with job(snakemake) as log:
    given, settings = snakemake.input, snakemake.params.settings
    flux, variance = read_m_stars(
        read_table(given.table),
        {"spt": read_tables(given.spt), "wdm": read_tables(given.wdm)},
        {Path(path).stem: path for path in given.stores},
    )
    model = fit_outlier_model(
        flux,
        variance,
        n_component=settings["n_component"],
        quantile=settings["quantile"],
        about={"trained_on": snakemake.params.kind, "survey": snakemake.params.survey},
    )
    save_outlier_model(model, Path(snakemake.output.model).parent)
    log.info("%(n_stars)d stars, %(n_clipped)d of them clipped, %(n_component)d components", model.about)
