"""results/{survey}/index.html."""

import json
from pathlib import Path

from mstars.figures import page
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    out = Path(snakemake.output[0])
    non_m = sum(len(read_table(path, ["spectrum_key"])) for path in given.non_m)
    rejected = len(read_table(given.rejected, ["spectrum_key"]))
    figures = [path for path in given.figures if path.endswith(".png")]
    page.write_page(
        out,
        survey=params.survey,
        simulated=params.kind == "simulated",
        config=json.loads(json.dumps(snakemake.config)),
        summary=page.summary(read_table(given.catalog), non_m, rejected),
        scorecard=Path(given.scorecard[0]).read_text() if given.scorecard else "",
        files=[str(Path(path).relative_to(out.parent)) for path in given.files],
        figures=page.figure_entries(figures, Path(params.captions), out.parent),
        provenance=page.provenance(Path(params.source)),
    )
