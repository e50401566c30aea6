"""Computed broad shapes of the simulated survey's dwarfs or giants."""

from mstars.core.randomness import rng
from mstars.ops.job import job
from mstars.simulate.spectrum_maker import SpectrumMaker
from mstars.simulate.theory_grid import NO_GAP, SED_GAP, sed_grid
from mstars.templates.theory import save_theory

with job(snakemake) as log:
    params, kind = snakemake.params, snakemake.wildcards.kind
    maker = SpectrumMaker(snakemake.input.library, params.sources)
    grid = sed_grid(maker, kind, rng(params.seed, "simulate_seds", kind), SED_GAP if params.gap else NO_GAP)
    save_theory(grid, snakemake.output[0])
    log.info("%d spectra of %d pixels, gap %s", len(grid), len(grid.wavelength), grid.about["gap"])
