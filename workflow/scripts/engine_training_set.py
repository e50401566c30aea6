"""Training set of an engine and a class."""

from mstars.engines.registry import load_engine
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.parameters.label_set import SurveyRules

with job(snakemake) as log:
    params = snakemake.params
    table, summary = load_engine(params.engine).training_set(
        lambda name, columns=None: read_table(snakemake.input[name], columns),
        kind=snakemake.wildcards.kind,
        settings=params.settings,
        rules=SurveyRules(params.rv_cut, params.radius_arcsec, params.seed),
    )
    write_table(table, snakemake.output.table)
    write_json(summary, snakemake.output.summary)
    log.info("%d spectra of %d stars; left out %s", summary["spectra"], summary["stars"], summary["excluded"])
