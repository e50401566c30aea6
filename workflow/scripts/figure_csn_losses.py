"""Losses of Cycle-StarNet (Zhang et al. 2025, Figure 6)."""

import pandas as pd

from mstars.ops.job import job
from mstars.paper.figures.domain_adaptation import draw_losses
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    save_outputs(draw_losses(pd.read_csv(snakemake.input[0])), snakemake)
