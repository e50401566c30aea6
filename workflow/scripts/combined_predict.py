"""The combined estimate of one batch."""

from pathlib import Path

from mstars.core.snr import SNR
from mstars.engines.batch import load_kinds
from mstars.engines.combined.members import held_out_by_engine, with_held_out
from mstars.engines.combined.model import ENGINE, combine_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    params, given = snakemake.params, snakemake.input
    models = load_kinds(ENGINE, [Path(path).parent for path in given.models], settings=params.settings)
    columns = ["spectrum_key", "batch", "luminosity_class", "rv", *SNR]
    catalog = read_table(given.m_catalog, columns, batch=snakemake.wildcards.batch)
    spectra = read_table(given.spectra, ["spectrum_key", "missing_arm"], batch=snakemake.wildcards.batch)
    seen = held_out_by_engine(given.held_out)
    tables = {
        name: with_held_out(read_table(path), seen[name])
        for name, path in zip(params.engines, given.predictions, strict=True)
    }
    table = combine_batch(
        models,
        tables,
        catalog.merge(spectra, on="spectrum_key", how="left"),
        settings=params.settings,
        survey_kind=params.kind,
    )
    write_table(table, snakemake.output[0])
    log.info("%d spectra, %d with Teff", len(table), table["teff"].notna().sum())
