"""Internal errors of velocities and parameters against S/N (Figure 13)."""

from mstars.figures.parameters import draw_internal_errors
from mstars.figures.style import PARAMETERS, save_outputs
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    columns = ["snr_i", "luminosity_class", "rv_flag", "parameter_flag", "rv_err"]
    catalog = read_table(snakemake.input.catalog, [*columns, *(f"{name}_err" for name in PARAMETERS)])
    save_outputs(draw_internal_errors(catalog), snakemake)
