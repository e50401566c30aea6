"""A theory grid of computed spectra, at LAMOST's resolution."""

from mstars.ops.job import job
from mstars.templates.synthesis.grid import computed_grid
from mstars.templates.theory import save_theory

with job(snakemake) as log:
    grid = computed_grid(snakemake.input, snakemake.params.microturbulence)
    save_theory(grid, snakemake.output[0])
    log.info("%d spectra of %d pixels", len(grid), len(grid.wavelength))
