"""m_catalog_v1 and non_m_catalog_v1 from the decisions."""

from mstars.classify.scm import NEEDED, apply_scm
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    m_catalog, non_m = apply_scm(
        read_table(given.m_catalog),
        read_tables(given.spt, NEEDED["spt"]),
        read_tables(given.wdm, NEEDED["wdm"]),
        read_table(given.candidates),
        read_table(given.decisions),
    )
    write_table(m_catalog, snakemake.output.m_catalog)
    write_table(non_m, snakemake.output.non_m)
    log.info("%d M, %d not: %s", len(m_catalog), len(non_m), non_m["label"].value_counts().to_dict())
