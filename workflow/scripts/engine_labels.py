"""Labels of all sources, a row a spectrum, and what the sources are."""

from dataclasses import asdict

from mstars.files.json_files import write_json
from mstars.files.tables import write_table
from mstars.literature.engine_labels import labels_of_run
from mstars.ops.job import job

with job(snakemake) as log:
    params = snakemake.params
    table, sources = labels_of_run(snakemake.input, params.engines, params.catalogues, simulated=params.simulated)
    write_table(table, snakemake.output.table)
    write_json({"sources": [asdict(source) for source in sources]}, snakemake.output.sources)
    log.info("%d spectra, sources: %s", len(table), ", ".join(source.name for source in sources))
