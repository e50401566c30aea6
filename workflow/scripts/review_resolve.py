"""Decisions of the reviewers of one queue, and the consensus where there are none."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.review.decisions import check_decisions, read_decisions, resolve

with job(snakemake) as log:
    queue = snakemake.wildcards.queue
    decisions = read_decisions(queue, snakemake.input.decisions)
    check_decisions(decisions, read_table(snakemake.input.survey, ["spectrum_key"])["spectrum_key"])
    resolved = resolve(
        queue,
        read_table(snakemake.input.candidates, ["spectrum_key", "consensus_label"]),
        decisions,
        snakemake.params.mode,
        catalog=read_table(snakemake.input.catalog, ["spectrum_key"])["spectrum_key"],
        survey=snakemake.params.survey,
    )
    write_table(resolved, snakemake.output[0])
    for key in resolved.loc[resolved["tie"], "spectrum_key"]:
        log.warning("tie between reviewers: %s (the consensus stands until it is settled)", key)
    unused = decisions.loc[~decisions["spectrum_key"].isin(resolved["spectrum_key"]), "spectrum_key"].nunique()
    log.info(
        "queue %s: %d candidates, %d reviewed, %d provisional, %d ties; %d decided without being queued now, "
        "%d decided that have left the catalogue and are not used",
        queue,
        resolved["queued"].sum(),
        (resolved["review_status"] == "reviewed").sum(),
        (resolved["review_status"] == "provisional").sum(),
        resolved["tie"].sum(),
        (~resolved["queued"]).sum(),
        unused,
    )
