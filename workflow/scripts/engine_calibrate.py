"""Errors of an engine calibrated on out-of-fold residuals."""

from mstars.engines.calibration import calibrate_kind
from mstars.engines.registry import engine_info
from mstars.files.json_files import read_json, write_json
from mstars.files.tables import read_table, read_tables
from mstars.ops.job import job

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    calibration = calibrate_kind(
        engine_info(params.engine),
        read_table(given.training),
        kind=snakemake.wildcards.kind,
        label_errors=params.label_errors,
        predictions=read_tables(given.predictions) if given.predictions else None,
        snri=read_table(given.m_catalog, ["spectrum_key", "snri"]),
        other=(read_table(given.cnn_training), read_json(given.cnn)) if "cnn" in given.keys() else None,
    )
    write_json(calibration, snakemake.output[0])
    for label, fit in calibration.items():
        widths = ", ".join(f"{width:.2f} at S/N_i {name}" for name, width in fit["pull_width_snri"].items())
        log.info("%s: pull width %.2f (%s), of its own error %.2f; %.0f %% of the quoted label errors out",
                 label, fit["pull_width"], widths, fit["pull_width_spread"], 100 * fit["label_share"])  # fmt: skip
