"""All trained models of the survey in one file."""

from pathlib import Path

from mstars.ops.bundle import pack_models
from mstars.ops.job import job

with job(snakemake) as log:
    folder, checkout = Path(snakemake.input.outliers).parents[1], Path(snakemake.scriptdir).resolve().parents[1]
    about = {"survey": snakemake.params.survey, "kind": snakemake.params.kind}
    description = pack_models(folder, snakemake.output[0], checkout / "LICENSE", about)
    size = sum(facts["bytes"] for facts in description["files"].values())
    log.info("%d files, %.1f MB", len(description["files"]), size / 1e6)
