"""Late K stars and unknown spectra among those no one had a reason to look at, from the random check."""

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper.paper_tables import contamination_table
from mstars.paper.rendering import write_table_files
from mstars.survey.contamination import checked_contamination

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    table, n_decided = checked_contamination(
        read_table(given.classification, ["spectrum_key", "candidate_reasons", "dmgm_class"]),
        read_table(given.m_catalog, ["spectrum_key", "snri"]),
        read_table(given.scm, ["spectrum_key", "review_status"]),
        given.decisions,
        survey=params.survey,
        seed=params.seed,
    )
    write_table(table, snakemake.output.table)
    write_table_files(contamination_table(table, params.survey), snakemake.output[:4])
    log.info("%d spectra of the random check", n_decided)
