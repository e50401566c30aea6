"""The theory grid of the simulated survey."""

from mstars.ops.job import job
from mstars.simulate.spectrum_maker import SpectrumMaker
from mstars.simulate.theory_grid import NO_GAP, PLANTED, theory_grid
from mstars.templates.theory import save_theory

with job(snakemake) as log:
    maker = SpectrumMaker(snakemake.input.library, snakemake.params.sources)
    grid = theory_grid(maker.dwarfs, PLANTED if snakemake.params.gap else NO_GAP)
    save_theory(grid, snakemake.output[0])
    log.info("%d spectra of %d pixels, gap %s", len(grid), len(grid.wavelength), grid.about["gap"])
