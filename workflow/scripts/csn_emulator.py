"""Emulator of a theory grid, with its errors at the grid's nodes."""

from pathlib import Path

from mstars.core.errors import InputError
from mstars.engines.csn.theory import write_emulator
from mstars.files.tables import write_table
from mstars.ops.job import job
from mstars.templates.theory_formats import read_theory_grid

with job(snakemake) as log:
    params, output = snakemake.params, snakemake.output
    if not snakemake.input.theory:
        raise InputError("engines.csn.theory: give a theory grid, or trained models (models.path)")
    medium, native = (params.settings[name] for name in ("theory_medium", "theory_resolution"))
    table = write_emulator(
        read_theory_grid(snakemake.input.theory, medium=medium, native=native),
        kind=snakemake.wildcards.kind,
        settings=params.settings,
        seed=params.seed,
        folder=Path(output.model).parent,
        about={"trained_on": params.trained_on},
    )
    write_table(table, output.nodes)
    held = table[table["valid"]]
    log.info("%d nodes; error %.4f of those that validate, %.4f with the node left out",
             len(table), held["error"].median(), table["error_left_out"].median())  # fmt: skip
