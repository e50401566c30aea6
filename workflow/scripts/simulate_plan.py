"""Decide which stars a simulated survey observes, and what goes wrong with them."""

from mstars.files.tables import write_table
from mstars.ops.job import job
from mstars.simulate.observations import draw_survey

with job(snakemake) as log:
    plan = draw_survey(snakemake.params.size, snakemake.params.seed, snakemake.params.groups)
    write_table(plan, snakemake.output[0])
    log.info("%d spectra of %d stars", len(plan), plan["star"].nunique())
