"""A spectrum on its way to the networks (Zhang et al. 2025, Figure 5): that of median S/N."""

from pathlib import Path

from mstars.engines.csn.inputs import steps_of
from mstars.files.stores import iter_rows
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.domain_adaptation import draw_preprocessing
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    table, settings = read_table(snakemake.input.table), snakemake.params.settings
    one = table.sort_values("snri", kind="stable").iloc[[len(table) // 2]].reset_index(drop=True)
    stores = {Path(path).stem: path for path in snakemake.input.stores}
    ((_, spectra),) = iter_rows(one, stores)
    steps = steps_of(spectra, one["rv"].to_numpy(dtype=float), settings)
    name = f"{one['spectrum_key'][0]}, S/N$_i$ {one['snri'][0]:.0f}"
    save_outputs(draw_preprocessing(steps, name, settings["masks"]), snakemake)
