"""Kiel diagram of M stars by LASPM and of A to K stars by LAMOST's own pipeline (Du et al. 2024, Figure 15)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.du2024 import warm_stars
from mstars.paper.figures.laspm import draw_all_stars
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given = snakemake.input
    others = warm_stars(given.others) if given.others else None
    save_outputs(draw_all_stars(read_table(given.parameters, ["teff", "logg"]), others), snakemake)
