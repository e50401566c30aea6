"""Parameters of one batch's M stars by an engine."""

from pathlib import Path

from mstars.core.snr import SNR
from mstars.engines.batch import load_kinds, predict_batch, simulation_trained
from mstars.engines.registry import load_engine
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    params, engine = snakemake.params, load_engine(snakemake.params.engine)
    folders = [Path(path).parent for path in snakemake.input.models]
    models = load_kinds(engine, folders, settings=params.settings, gpus=snakemake.resources.get("gpu", 0))
    if any(simulation_trained(model, params.kind) for model in models.values()):
        log.warning(
            "WARNING: these models were trained on SIMULATED spectra and this survey is real. Parameters are written "
            "with parameter_flag 0: do not use them for science. Train on real labels (external.apogee)."
        )
    columns = ["spectrum_key", "luminosity_class", "rv", *SNR]
    table = predict_batch(
        engine,
        models,
        snakemake.input.store,
        read_table(snakemake.input.m_catalog, columns, batch=snakemake.wildcards.batch),
        settings=params.settings,
        survey_kind=params.kind,
    )
    write_table(table, snakemake.output[0])
    log.info("%d spectra: %s", len(table), table["luminosity_class"].value_counts().to_dict())
