"""Scorecard of a simulated survey."""

from pathlib import Path

from mstars.files.json_files import write_json
from mstars.files.tables import read_table, read_tables
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.validate.outcome import candidate_outcomes, lamost_labels
from mstars.validate.report import as_markdown
from mstars.validate.scorecard import scorecard

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    truth = read_table(given.truth)
    table = candidate_outcomes(
        truth,
        **{name: read_table(given[name]) for name in ("m_catalog", "quality", "parameters")},
        non_m=read_tables(given.non_m, ["spectrum_key"]),
        rejected=read_table(given.rejected, ["spectrum_key"]),
        velocities=read_tables(given.velocities),
        lamost=lamost_labels(read_table(given.plan, ["spectrum_key", "obsid"]), given.lamost),
    )
    held_out = {Path(path).parent.name: read_table(path) for path in given.held_out}
    card = scorecard(table, held_out, truth, params.settings)
    recommended = len(read_table(given.recommended, ["spectrum_key"]))
    if recommended != card["n_recommended"]:
        log.warning("recommended.parquet has %d rows, m_catalog_v3 %d", recommended, card["n_recommended"])
    write_json(card, snakemake.output.json)
    with atomic_path(snakemake.output.markdown) as temporary:
        temporary.write_text(as_markdown(card, params.survey))
