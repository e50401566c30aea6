"""Colour-magnitude diagram with the regions of dwarfs and giants (Figure 6)."""

from mstars.figures.diagrams import draw_cmd
from mstars.figures.style import save_outputs
from mstars.photometry import DM_REGION, GM_LINE
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    photometry = read_table(snakemake.input.photometry, ["bp_rp_0", "M_G_0", "CMD_flag", "CMD_pos"])
    save_outputs(draw_cmd(photometry, DM_REGION, GM_LINE), snakemake)
