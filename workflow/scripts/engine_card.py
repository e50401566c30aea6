"""Parameters of an engine against the truth of a simulated survey."""

from mstars.engines.registry import engine_info
from mstars.files.json_files import write_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.validate.outcome import engine_outcomes
from mstars.validate.scorecard import parameter_scores

with job(snakemake) as log:
    given, info = snakemake.input, engine_info(snakemake.wildcards.engine)
    table = engine_outcomes(
        read_table(given.truth),
        read_table(given.m_catalog, ["spectrum_key", "luminosity_class"]),
        read_table(given.flags, ["spectrum_key", "parameter_flag"]),
        read_table(given.parameters),
    )
    card = {"engine": info.name, "title": info.title, "scale": info.scale, "labels": info.labels}
    scores = parameter_scores(table, info.labels)
    write_json(card | scores, snakemake.output[0])
    for name in [f"{label}_{kind.lower()}" for kind in info.kinds for label in info.labels]:
        log.info("%s: bias %s, sigma %s of %s", name, *(scores[f"{name}_{what}"] for what in ("bias", "sigma", "n")))
