"""Training set of CNN-SPT (with or without WD) or CNN-WDM."""

from mstars.classify.training_sets import scm_training_set
from mstars.files.json_files import read_json, write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    params = snakemake.params
    table, summary = scm_training_set(
        read_table(snakemake.input.pool),
        read_json(snakemake.input.excluded),
        classes=params.classes,
        settings=params.settings,
        seed=params.seed,
        task=snakemake.wildcards.task,
    )
    write_table(table, snakemake.output.table)
    write_json(summary, snakemake.output.summary)
    left_out = sorted(set(params.classes) - set(summary["classes"]))
    if left_out:
        log.warning("no usable spectra of class %s: left out", ", ".join(left_out))
    log.info("counts %s; left out %s", summary["counts"], summary["excluded"])
