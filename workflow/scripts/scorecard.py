"""Scorecard of a simulated survey."""

import pandas as pd
from astropy.table import Table

from mstars.core.labels import LABELS
from mstars.files.json_files import write_json
from mstars.files.tables import read_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.validate.outcome import candidate_outcomes
from mstars.validate.report import as_markdown
from mstars.validate.scorecard import scorecard

with job(snakemake) as log:
    given = snakemake.input
    truth = read_table(given.truth)
    plan = read_table(given.plan, ["spectrum_key", "obsid"])
    lamost = Table.read(given.lamost)
    names = [name for name in LABELS if name in lamost.colnames]
    lamost = lamost[["obsid", *names]].to_pandas().rename(columns={name: f"lamost_{name}" for name in names})
    lamost = plan.merge(lamost, on="obsid").drop(columns="obsid")
    table = candidate_outcomes(
        truth,
        m_catalog=read_table(given.m_catalog),
        non_m=pd.concat([read_table(path, ["spectrum_key"]) for path in given.non_m]),
        rejected=read_table(given.rejected, ["spectrum_key"]),
        quality=read_table(given.quality),
        parameters=read_table(given.parameters),
        velocities=pd.concat([read_table(path) for path in given.velocities]),
        lamost=lamost,
    )
    held_out = {path.split("/")[-2]: read_table(path) for path in given.held_out}
    card = scorecard(table, held_out, truth, snakemake.params.settings)
    recommended = len(read_table(given.recommended))
    if recommended != card["n_recommended"]:
        log.warning("recommended.parquet has %d rows, m_catalog_v3 %d", recommended, card["n_recommended"])
    write_json(card, snakemake.output.json)
    with atomic_path(snakemake.output.markdown) as temporary:
        temporary.write_text(as_markdown(card, snakemake.params.survey))
