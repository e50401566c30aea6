"""A queue for people to look at: table, decision file to fill in, pictures."""

from pathlib import Path

from mstars.review import export_queue, write_pictures
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake) as log:
    queue = snakemake.wildcards.queue
    table = export_queue(
        queue, read_table(snakemake.input.candidates), snakemake.output.table, snakemake.output.template
    )
    for path in (snakemake.input.survey, snakemake.input.photometry):
        more = read_table(path)
        missing = [name for name in more if name not in table]
        table = table.merge(more[["spectrum_key", *missing]], on="spectrum_key", how="left")
    drawn = write_pictures(
        queue,
        table,
        read_table(snakemake.input.index, ["spectrum_key", "batch", "row"]),
        lambda batch: Path(snakemake.params.stores) / f"{batch}.h5",
        snakemake.output.pictures,
        snakemake.params.most,
    )
    log.info("queue %s: %d candidates, %d pictures", queue, len(table), drawn)
