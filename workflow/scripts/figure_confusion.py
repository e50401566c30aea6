"""Confusion matrix of one classifier (Figures 3, 4 and 8)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.confusion import draw_confusion
from mstars.paper.figures.style import figure_style, save_outputs

NAMES = {"spt": "CNN-SPT", "spt9": "CNN-SPT with WD", "wdm": "CNN-WDM", "dmgm": "CNN-dMgM"}

with job(snakemake), figure_style(snakemake):
    validation = read_table(snakemake.input.validation, ["truth", "predicted"])
    save_outputs(draw_confusion(validation, NAMES[snakemake.wildcards.task]), snakemake)
