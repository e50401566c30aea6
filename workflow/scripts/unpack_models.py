"""The trained models of a bundle as files."""

from pathlib import Path

from mstars.ops.bundle import DESCRIPTION, unpack_models
from mstars.ops.job import job

with job(snakemake) as log:
    folder = next(Path(path).parent for path in snakemake.output if Path(path).name == DESCRIPTION)
    files = unpack_models(snakemake.input[0], folder)
    log.info("%d files in %s", len(files), folder)
