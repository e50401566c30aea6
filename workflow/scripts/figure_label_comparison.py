"""Labels predicted by the fold of least validation loss beside APOGEE's (Figure 12)."""

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.stellar_parameters import best_fold, draw_label_comparison
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    snr = read_table(snakemake.input.m_catalog, ["spectrum_key", "snri"]).rename(columns={"snri": "snr_i"})
    tables, folds = {}, {}
    for kind in LUMINOSITY_CLASSES:
        models, paths = snakemake.input[f"models_{kind}"], snakemake.input[f"validation_{kind}"]
        best = best_fold([read_json(path) for path in models])
        folds[kind] = snakemake.params.folds[best]
        tables[kind] = read_table(paths[best]).merge(snr, on="spectrum_key", how="left")
    save_outputs(draw_label_comparison(tables, folds), snakemake)
