"""Errors of CNN-TLMA calibrated on out-of-fold residuals."""

import pandas as pd

from mstars.parameters import LABELS, calibrate, spread_ratios
from mstars.store import read_table, write_json
from mstars.workflow import job

with job(snakemake) as log:
    kind, given = snakemake.wildcards.kind, snakemake.input
    training = read_table(given.training)
    predicted = pd.concat([read_table(path) for path in given.predictions], ignore_index=True)
    new = predicted[(predicted["luminosity_class"] == kind) & ~predicted["spectrum_key"].isin(training["spectrum_key"])]
    new = new.rename(columns={f"{label}_err": f"{label}_spread" for label in LABELS})
    new = new.merge(read_table(given.m_catalog, ["spectrum_key", "snri"]), on="spectrum_key")
    calibration = calibrate(training, snakemake.params.label_errors, spread_ratios(training, new))
    write_json(calibration, snakemake.output[0])
    for label, fit in calibration.items():
        wide, ratio = fit["pull_width_spread"], fit["spread_ratio"]
        log.info("%s: pull width %.2f of the spread alone, spread of new stars x %.2f", label, wide, ratio)
