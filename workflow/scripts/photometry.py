"""Extinction, place in the colour-magnitude diagram and WISE colour of the candidates."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.sky.photometry import photometry

with job(snakemake) as log:
    given = snakemake.input
    table = photometry(
        read_table(given.gaia), read_table(given.allwise), given.dust_map or None, snakemake.params.settings
    )
    write_table(table, snakemake.output[0])
    log.info("CMD_flag: %s", table["CMD_flag"].value_counts(dropna=False).to_dict())
    log.info("CMD_pos: %s", table["CMD_pos"].value_counts().to_dict())
    known, reliable = table["ebv"].notna().sum(), (table["ebv_flag"] == 1).sum()
    log.info("E(B-V) known for %d of %d, called reliable for %d", known, len(table), reliable)
