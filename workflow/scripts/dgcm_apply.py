"""m_catalog_v2 and non_m_catalog_v2 from the decisions, those of the random check among them."""

from mstars.classify.dgcm import NEEDED, apply_dgcm, with_random_check
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    m_catalog, non_m = apply_dgcm(
        read_table(given.m_catalog),
        read_tables(given.dmgm, NEEDED["dmgm"]),
        read_table(given.candidates),
        with_random_check(read_table(given.decisions), read_table(given.checked)),
    )
    write_table(m_catalog, snakemake.output.m_catalog)
    write_table(non_m, snakemake.output.non_m)
    log.info("%s; %d not M", m_catalog["luminosity_class"].value_counts().to_dict(), len(non_m))
