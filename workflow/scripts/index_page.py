"""results/{survey}/index.html."""

from pathlib import Path

import pandas as pd

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops import run_page
from mstars.ops.job import job
from mstars.validate.recipes import recipe_rows
from mstars.validate.report import scorecard_rows

with job(snakemake):
    given, params, page = snakemake.input, snakemake.params, Path(snakemake.output[0])
    non_m = sum(len(read_table(path, ["spectrum_key"])) for path in given.non_m)
    rejected = len(read_table(given.rejected, ["spectrum_key"]))
    groups = {"The paper's figures": given.figures, "The catalogue as a whole": given.statistics}
    captions = Path(snakemake.scriptdir, "..", "report")
    run_page.write_page(
        page,
        survey=params.survey,
        simulated=params.simulated,
        config=snakemake.config,
        summary=run_page.summary(read_table(given.catalog), non_m, rejected),
        scorecard=[row for path in given.scorecard for row in scorecard_rows(read_json(path))],
        recipes=[row for path in given.recipes for row in recipe_rows(pd.read_csv(path), (params.survey, "paper's"))],
        files=run_page.by_folder([*given.files, *given.tables], page.parent),
        figures={name: run_page.figure_entries(files, captions, page.parent) for name, files in groups.items()},
        provenance=read_json(given.provenance),
    )
