"""Candidates for non-M spectra, for review."""

from mstars.classify.scm import NEEDED, scm_candidates
from mstars.files.tables import read_table, read_tables, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    candidates = scm_candidates(
        read_table(given.m_catalog, NEEDED["m_catalog"]),
        read_tables(given.spt, NEEDED["spt"]),
        read_tables(given.wdm, NEEDED["wdm"]),
        read_table(given.photometry, NEEDED["photometry"]),
        read_tables(given.ood, NEEDED["ood"]) if given.ood else None,
        settings=snakemake.params.settings,
    )
    write_table(candidates, snakemake.output[0])
    log.info("%d candidates: %s", len(candidates), candidates["candidate_reasons"].value_counts().to_dict())
    log.info("consensus: %s", candidates["consensus_label"].value_counts().to_dict())
