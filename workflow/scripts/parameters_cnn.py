"""The table of the engine cnn."""

import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.files.json_files import read_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.parameters.ensemble import collect

with job(snakemake) as log:
    given = snakemake.input
    calibrations = {kind: read_json(path) for kind, path in zip(("dM", "gM"), given.calibration, strict=True)}
    table = collect(
        pd.concat([read_table(path) for path in given.predictions], ignore_index=True),
        read_table(given.m_catalog, ["spectrum_key", "snri"]),
        calibrations,
        pd.concat([read_table(path) for path in given.training], ignore_index=True),
        training_stars=snakemake.params.training_stars,
        unlike=pd.concat([read_table(path, ["spectrum_key", "ood_score"]) for path in given.ood])
        if given.ood
        else None,
        unlike_min=snakemake.params.unlike_min,
    )
    write_table(table, snakemake.output[0])
    counts = {bit.key: int((table["flag"] & bit > 0).sum()) for bit in EngineFlag}
    log.info("%d spectra; flags %s", len(table), counts)
    if counts["simulation_trained"]:
        log.warning(
            "WARNING: %d spectra have parameters from models of SIMULATED spectra: parameter_flag 0",
            counts["simulation_trained"],
        )
