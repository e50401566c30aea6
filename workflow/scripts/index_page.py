"""results/{survey}/index.html."""

from pathlib import Path

import pandas as pd

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops import run_facts, run_page, run_products
from mstars.ops.job import job
from mstars.validate.recipes import recipe_rows
from mstars.validate.report import scorecard_rows

with job(snakemake):
    given, params, page = snakemake.input, snakemake.params, Path(snakemake.output[0])
    classes, catalog = read_table(given.classification), read_table(given.catalog)
    groups = {"The paper's figures": given.figures, "The catalogue as a whole": given.statistics}
    run_page.write_page(
        page,
        survey=params.survey,
        simulated=params.simulated,
        config=snakemake.config,
        checkout=Path(snakemake.scriptdir).resolve().parents[1],
        facts=run_facts.facts(classes, catalog, read_json(given.zero_point), params.simulated),
        scorecard=[row for path in given.scorecard for row in scorecard_rows(read_json(path))],
        recipes=[row for path in given.recipes for row in recipe_rows(pd.read_csv(path), (params.survey, "paper's"))],
        products=run_products.products([*given.files, *given.tables], page.parent),
        figures=groups,
        provenance=read_json(given.provenance),
    )
