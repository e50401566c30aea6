"""Write the simulated survey's catalogues, dust map and truth."""

from pathlib import Path

import pandas as pd

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.simulate.catalog_tables import write_catalogs
from mstars.simulate.truth import write_truth

with job(snakemake) as log:
    plan = read_table(snakemake.input.plan)
    measured = pd.concat([read_table(path) for path in snakemake.input.plates], ignore_index=True)
    facts = {name: snakemake.params[name] for name in ("size", "seed", "make_sources", "match_sources")}
    folder = Path(snakemake.output.simulation).parent
    write_catalogs(plan, measured, facts["size"], facts["seed"], folder)
    write_truth(plan, measured, folder, facts)
    log.info("%d spectra", len(plan))
