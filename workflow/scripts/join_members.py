"""One model of several trainings of a classifier."""

from pathlib import Path

from mstars.networks.members import join_members
from mstars.ops.job import job

with job(snakemake) as log:
    model = join_members([Path(path).parent for path in snakemake.input.models], Path(snakemake.output.model).parent)
    log.info("%s: %d networks as one", model.task, len(model.network.members))
