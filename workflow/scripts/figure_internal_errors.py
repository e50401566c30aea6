"""Internal errors of velocities and parameters against S/N (Figure 13)."""

from mstars.core.labels import LABELS
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.stellar_parameters import draw_internal_errors
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    columns = ["snr_i", "luminosity_class", "rv_flag", "parameter_flag"]
    # the errors that the paper shows: of the method of rv_paper, and the spread of the ten folds
    errors = {"rv_paper_err": "rv_err"} | {f"{name}_spread": f"{name}_err" for name in LABELS}
    catalog = read_table(snakemake.input.catalog, [*columns, *errors]).rename(columns=errors)
    save_outputs(draw_internal_errors(catalog), snakemake)
