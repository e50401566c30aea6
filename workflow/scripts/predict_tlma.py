"""Parameters of one batch's M stars by the ensembles of CNN-TLMA."""

from pathlib import Path

from mstars.files.tables import read_table, write_table
from mstars.networks.inference import place
from mstars.ops.job import job
from mstars.parameters.ensemble import load_folds, predict_parameters, simulation_trained

with job(snakemake) as log:
    models = {
        kind: load_folds([Path(path).parent for path in snakemake.input.get(kind)], kind) for kind in ("dM", "gM")
    }
    place([model for members in models.values() for model in members], snakemake.resources.get("gpu", 0))
    if any(simulation_trained(members, snakemake.params.kind) for members in models.values()):
        log.warning(
            "WARNING: these models were trained on SIMULATED spectra and this survey is real. Parameters are written "
            "with parameter_flag 0: do not use them for science. Train on real labels (external.apogee)."
        )
    catalog = read_table(snakemake.input.m_catalog, ["spectrum_key", "batch", "luminosity_class", "rv"])
    table = predict_parameters(
        models,
        snakemake.input.store,
        catalog[catalog["batch"] == snakemake.wildcards.batch],
        survey_kind=snakemake.params.kind,
        filled_max=snakemake.params.filled_max,
    )
    write_table(table, snakemake.output[0])
    log.info("%d spectra: %s", len(table), table["luminosity_class"].value_counts().to_dict())
