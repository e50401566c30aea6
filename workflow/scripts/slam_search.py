"""Hyper-parameters of SLAM's pixels and the cross-validation of its labels."""

from pathlib import Path

from mstars.engines.inputs import load_inputs
from mstars.engines.slam.model import ENGINE
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake) as log:
    settings, table = snakemake.params.settings, read_table(snakemake.input.table)
    choice = ENGINE.search(
        load_inputs(snakemake.input.spectra, ENGINE, settings, len(table)),
        table,
        settings=settings,
        folder=Path(snakemake.output.search).parent,
        about={"training_set": read_json(snakemake.input.summary)["hash"]},
    )
    for label, (a, b, c) in zip(settings["labels"], choice.curves, strict=True):
        log.info("scatter of the cross-validation: %s %.4g (S/N_i)^%.3f and %.4g at any S/N", label, a, b, c)
