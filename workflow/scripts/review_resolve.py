"""Decisions of the reviewers of one queue, and the consensus where there are none."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.review.decisions import check_decisions, read_decisions, resolution, resolve

with job(snakemake) as log:
    given, params, queue = snakemake.input, snakemake.params, snakemake.wildcards.queue
    decisions = read_decisions(queue, given.decisions)
    check_decisions(decisions, read_table(given.survey, ["spectrum_key"])["spectrum_key"])
    resolved = resolve(
        queue,
        read_table(given.candidates, ["spectrum_key", "consensus_label"]),
        decisions,
        params.mode,
        catalog=read_table(given.catalog, ["spectrum_key"])["spectrum_key"],
        survey=params.survey,
    )
    write_table(resolved, snakemake.output[0])
    for key in resolved.loc[resolved["tie"], "spectrum_key"]:
        log.warning("tie between reviewers: %s (the consensus stands until it is settled)", key)
    log.info("%s", resolution(queue, resolved, decisions))
