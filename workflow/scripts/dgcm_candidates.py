"""Candidates for giants, for review."""

from mstars.classify.dgcm import NEEDED, dgcm_candidates
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    candidates = dgcm_candidates(
        read_table(given.m_catalog, NEEDED["m_catalog"]),
        read_tables(given.dmgm, NEEDED["dmgm"]),
        read_table(given.photometry, NEEDED["photometry"]),
        snr_min=snakemake.params.snr_min,
    )
    write_table(candidates, snakemake.output[0])
    log.info("%d candidates: %s", len(candidates), candidates["candidate_reasons"].value_counts().to_dict())
