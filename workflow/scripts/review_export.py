"""A queue for people to look at: table, decision file to fill in, pictures, and what the review desk shows."""

from mstars.files.json_files import write_json
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job
from mstars.review.evidence import desk_facts, with_evidence
from mstars.review.queues import export_queue, write_pictures

with job(snakemake) as log:
    given, made, params = snakemake.input, snakemake.output, snakemake.params
    queue, candidates = snakemake.wildcards.queue, read_table(given.candidates)
    if given.get("ood") and "ood_score" not in candidates:
        scores = read_tables(given.ood, ["spectrum_key", "ood_score"])
        candidates = candidates.merge(scores, on="spectrum_key", how="left")
    table = export_queue(queue, candidates, made.table, made.template, params.settings)
    photometry = read_table(given.photometry)
    index = read_table(given.index)
    table = with_evidence(table, [read_table(given.catalog), photometry, read_table(given.stars), index])
    write_table(table, made.evidence)
    facts = {"queue": queue, "survey": params.survey, "seed": params.seed, "templates": params.templates}
    facts |= {"models": params.models, "settings": params.settings}
    write_json(facts | desk_facts(photometry, params.dm_region), made.desk)
    stores, most = stores_by_batch(given.stores), params.settings["max_pictures"]
    drawn = write_pictures(queue, table, index, stores.__getitem__, made.pictures, most)
    log.info("queue %s: %d candidates, %d pictures", queue, len(table), drawn)
