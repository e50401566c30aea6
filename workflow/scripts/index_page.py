"""results/{survey}/index.html."""

import json
from pathlib import Path

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops import run_page
from mstars.ops.job import job

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    out = Path(snakemake.output[0])
    non_m = sum(len(read_table(path, ["spectrum_key"])) for path in given.non_m)
    rejected = len(read_table(given.rejected, ["spectrum_key"]))
    figures = {}
    for heading, files in (("The paper's figures", given.figures), ("The catalogue as a whole", given.statistics)):
        pictures = sorted(path for path in files if path.endswith(".png"))
        figures[heading] = run_page.figure_entries(pictures, Path(params.captions), out.parent)
    run_page.write_page(
        out,
        survey=params.survey,
        simulated=params.kind == "simulated",
        config=json.loads(json.dumps(snakemake.config)),
        summary=run_page.summary(read_table(given.catalog), non_m, rejected),
        scorecard=run_page.table_rows(Path(given.scorecard[0]).read_text()) if given.scorecard else [],
        files=run_page.by_folder([str(Path(path).relative_to(out.parent)) for path in [*given.files, *given.tables]]),
        figures=figures,
        provenance=read_json(given.provenance),
    )
