"""Parameters beside a literature catalogue and APOGEE (Figures 15 to 22)."""

import pandas as pd

from mstars.core.config.outputs import Outliers
from mstars.files.tables import read_table
from mstars.literature.catalogues import read_description
from mstars.ops.job import job
from mstars.paper.figures.literature_comparison import draw_comparison
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    name, kind = snakemake.wildcards.catalog, snakemake.wildcards.kind
    limits = Outliers(**snakemake.params.outliers)
    if snakemake.input.joined:
        joined = read_table(snakemake.input.joined[0])
        joined = joined[joined["luminosity_class"] == kind].reset_index(drop=True)
        title, reason = read_description(snakemake.input.description[0]).title, ""
    else:
        joined, title = pd.DataFrame(), name
        reason = f"catalogue {name} is not configured (compare.catalogs)"
    save_outputs(draw_comparison(joined, name, title, kind, limits, reason), snakemake)
