"""Out-of-fold predictions of CNN-TLMA for its training stars, and calibrated errors from them."""

from pathlib import Path

from mstars.networks import load_inputs
from mstars.parameters import calibrate, load_folds, out_of_fold
from mstars.store import read_table, write_json, write_table
from mstars.workflow import job

with job(snakemake) as log:
    kind = snakemake.wildcards.kind
    models = load_folds([Path(path).parent for path in snakemake.input.models], kind)
    table = out_of_fold(load_inputs(snakemake.input.spectra), read_table(snakemake.input.table), models)
    calibration = calibrate(table, snakemake.params.label_errors)
    write_table(table, snakemake.output.table)
    write_json(calibration, snakemake.output.calibration)
    for label, fit in calibration.items():
        log.info("tlma_%s %s: pull width %.2f of the spread alone", kind, label, fit["pull_width_spread"])
