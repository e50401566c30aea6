"""Spectra of the golden sample beside each other (Du et al. 2024, Figures 11 to 13)."""

from mstars.engines.laspm.golden.product import read_library
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_spectra
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.golden_spectra import SEQUENCES

with job(snakemake), figure_style(snakemake):
    library = read_library(snakemake.input[0])
    groups = SEQUENCES[snakemake.wildcards.sequence](library.table)
    drawn = [[(label, library.flux[row]) for label, row in group] for group in groups]
    save_outputs(draw_spectra(library.wavelength, drawn, "the sample has no such stars"), snakemake)
