"""Tables of the wide binaries and clusters of the simulated survey."""

from mstars.files.tables import read_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.simulate.groups import group_tables

with job(snakemake) as log:
    for name, table in group_tables(read_table(snakemake.input.plan), snakemake.params.seed).items():
        with atomic_path(snakemake.output[name]) as temporary:
            table.to_csv(temporary, index=False, float_format="%.6g")
        log.info("%s: %d rows", name, len(table))
