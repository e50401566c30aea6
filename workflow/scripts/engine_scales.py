"""Maps of every engine to another scale."""

from mstars.files.json_files import write_json
from mstars.files.tables import read_table
from mstars.literature.engine_labels import read_sources
from mstars.literature.engine_scales import fit_scales
from mstars.ops.job import job

with job(snakemake) as log:
    sources = read_sources(snakemake.input.sources)
    scales = fit_scales(read_table(snakemake.input.table), sources, snakemake.params.scale)
    write_json(scales, snakemake.output[0])
    for text in scales["left_out"]:
        log.warning("no map to %s: %s", snakemake.params.scale, text)
