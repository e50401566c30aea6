"""The scorecard of Cycle-StarNet: how far to believe its labels."""

from mstars.engines.csn.card import as_markdown, trust_card
from mstars.files.json_files import read_json, write_json
from mstars.files.whole import atomic_path
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    card = trust_card({name: read_json(path) for name, path in given.items()})
    write_json(card, snakemake.output.json)
    with atomic_path(snakemake.output.markdown) as temporary:
        temporary.write_text(as_markdown(card, snakemake.params.survey))
    log.info("shared latents of the two domains are told apart in %s", card["told_apart_shared"])
