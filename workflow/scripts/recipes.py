"""Two configs of one simulated survey side by side."""

from mstars.files.json_files import read_json
from mstars.files.tables import read_table, read_tables
from mstars.files.whole import atomic_path
from mstars.ops.job import job
from mstars.validate.outcome import candidate_outcomes
from mstars.validate.recipes import as_markdown, recipe_table

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    truth, outcomes = read_table(given.truth), []
    for side in ("ours", "theirs"):
        m_catalog, quality, parameters, first, second, rejected, *measured = given[side]
        outcomes.append(
            candidate_outcomes(
                truth,
                m_catalog=read_table(m_catalog),
                quality=read_table(quality),
                parameters=read_table(parameters),
                non_m=read_tables([first, second], ["spectrum_key"]),
                rejected=read_table(rejected, ["spectrum_key"]),
                velocities=read_tables(measured),
                lamost=truth[["spectrum_key"]],
            )
        )
    table = recipe_table(read_json(given.our_card), read_json(given.their_card), tuple(outcomes), params.settings)
    with atomic_path(snakemake.output.table) as temporary:
        table.to_csv(temporary, index=False)
    with atomic_path(snakemake.output.markdown) as temporary:
        temporary.write_text(as_markdown(table, tuple(params.names)))
