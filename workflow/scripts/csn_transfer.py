"""What the transfer of Cycle-StarNet does to spectra that it has not seen."""

import numpy as np

from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.engines.csn.held_back import load_passage, spectra_held_back
from mstars.engines.csn.model import ENGINE
from mstars.engines.csn.transfer import maps, residuals
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, params, output = snakemake.input, snakemake.params, snakemake.output
    settings = params.settings
    x, table = spectra_held_back(read_table(given.table), given.spectra, settings, params.most)
    passage = load_passage(given.model, snakemake.wildcards.kind, settings)
    found, numbers = residuals(passage, x, settings, ENGINE.grid(settings).wavelength)
    draws = rng(params.seed, "csn", "transfer")
    stars = read_table(given.population)[list(LABELS)].to_numpy(dtype=float)
    labels = stars[draws.choice(len(stars), len(table))]
    write_table(maps(passage, np.asarray(x.flux), labels, int(draws.integers(2**31))), output.maps)
    write_table(found, output.residuals)
    write_json({"spectra": len(table), **numbers}, output.numbers)
    log.info("residuals over noise: %.2f without transfer, %.2f with it", numbers["theory"], numbers["transfer"])
