"""Errors of CNN-TLMA calibrated on out-of-fold residuals."""

import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.files.json_files import write_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.parameters.calibration import calibrate, spread_ratios

with job(snakemake) as log:
    kind, given = snakemake.wildcards.kind, snakemake.input
    training = read_table(given.training)
    predicted = pd.concat([read_table(path) for path in given.predictions], ignore_index=True)
    # outliers of all kinds would say more of themselves than of stars like those trained on
    sound = (predicted["flag"] & ~EngineFlag.SIMULATION_TRAINED) == 0
    new = predicted[sound & (predicted["luminosity_class"] == kind)]
    new = new[~new["spectrum_key"].isin(training["spectrum_key"])]
    new = new.rename(columns={f"{label}_err": f"{label}_spread" for label in LABELS})
    new = new.merge(read_table(given.m_catalog, ["spectrum_key", "snri"]), on="spectrum_key")
    calibration = calibrate(training, snakemake.params.label_errors, spread_ratios(training, new))
    write_json(calibration, snakemake.output[0])
    for label, fit in calibration.items():
        widths = ", ".join(f"{width:.2f} at S/N_i {name}" for name, width in fit["pull_width_snri"].items())
        log.info("%s: pull width %.2f (%s), of the spread alone %.2f; %.0f %% of the quoted label errors taken out",
                 label, fit["pull_width"], widths, fit["pull_width_spread"], 100 * fit["label_share"])  # fmt: skip
