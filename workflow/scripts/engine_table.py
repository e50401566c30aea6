"""The table of an engine."""

from mstars.engines.registry import engine_info
from mstars.engines.table import engine_table
from mstars.files.json_files import read_json
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, info = snakemake.input, engine_info(snakemake.wildcards.engine)
    table = engine_table(
        info,
        read_tables(given.predictions),
        read_table(given.m_catalog, ["spectrum_key", "snri"]),
        {kind: read_json(path) for kind, path in zip(info.kinds, given.calibration, strict=True)},
        read_tables(given.training),
        out_of_fold=snakemake.params.out_of_fold,
        unlike=read_tables(given.ood, ["spectrum_key", "ood_score"]) if given.ood else None,
        unlike_min=snakemake.params.unlike_min,
    )
    write_table(table, snakemake.output[0])
    counts = {name: int((table["flag"] & bit > 0).sum()) for name, bit in info.flags().items()}
    log.info("%d spectra; flags %s", len(table), counts)
    if counts["simulation_trained"]:
        log.warning(
            "WARNING: %d spectra have parameters from models of SIMULATED spectra: parameter_flag 0",
            counts["simulation_trained"],
        )
