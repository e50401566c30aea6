"""Late K stars and unknown spectra among those no one had a reason to look at, from the random check."""

import pandas as pd

from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper.paper_tables import contamination_table
from mstars.paper.rendering import write_table_files
from mstars.review.decisions import read_decisions, resolve
from mstars.survey.contamination import contamination, population

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    m_catalog = read_table(given.m_catalog, ["spectrum_key", "snri"])
    looked = read_table(given.scm, ["spectrum_key", "review_status"])
    looked = looked.loc[looked["review_status"] == "reviewed", "spectrum_key"]
    classification = read_table(given.classification, ["spectrum_key", "candidate_reasons", "dmgm_class"])
    spectra = population(classification, m_catalog, looked)
    nothing = pd.DataFrame({"spectrum_key": pd.Series(dtype=str), "consensus_label": pd.Series(dtype=object)})
    decisions = read_decisions("random", given.decisions)
    keys = set(m_catalog["spectrum_key"])
    decided = resolve("random", nothing, decisions, "provisional", catalog=keys, survey=params.survey)
    table = contamination(spectra, decided, params.seed)
    write_table(table, snakemake.output.table)
    write_table_files(contamination_table(table, params.survey), snakemake.output[:4])
    log.info("%d spectra of the random check", len(decided))
