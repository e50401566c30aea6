"""What the transfer of Cycle-StarNet does to spectra that it has not seen."""

from pathlib import Path

import numpy as np

from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.engines.csn.model import ENGINE
from mstars.engines.csn.transfer import maps, residuals
from mstars.engines.inputs import load_inputs
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, params, output = snakemake.input, snakemake.params, snakemake.output
    settings, kind = params.settings, snakemake.wildcards.kind
    table = read_table(given.table)
    inputs = load_inputs(given.spectra, ENGINE, settings, len(table))
    rows = np.flatnonzero((table["split"] == "test") & (np.asarray(inputs.ivar) > 0).any(axis=1))[: params.most]
    x, passage = inputs.take(rows), ENGINE.load([Path(given.model).parent], kind=kind, settings=settings).passage
    found, numbers = residuals(passage, x, settings, ENGINE.grid(settings).wavelength)
    draws = rng(params.seed, "csn", "transfer")
    stars = read_table(given.population)[list(LABELS)].to_numpy(dtype=float)
    labels = stars[draws.choice(len(stars), len(rows))]
    write_table(maps(passage, np.asarray(x.flux), labels, int(draws.integers(2**31))), output.maps)
    write_table(found, output.residuals)
    write_json({"spectra": len(rows), **numbers}, output.numbers)
    log.info(
        "residuals in units of the noise: %.2f without transfer, %.2f with it", numbers["theory"], numbers["transfer"]
    )
