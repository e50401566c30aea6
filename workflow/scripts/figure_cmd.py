"""Colour-magnitude diagram with the regions of dwarfs and giants (Figure 6)."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.colour_magnitude import draw_cmd
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.sky.cmd import DM_REGIONS, GM_LINE

with job(snakemake), figure_style(snakemake):
    photometry = read_table(snakemake.input.photometry, ["bp_rp_0", "M_G_0", "CMD_flag", "CMD_pos"])
    save_outputs(draw_cmd(photometry, DM_REGIONS[snakemake.params.dm_region], GM_LINE), snakemake)
