"""The network, drawn from the trained models' own descriptions (Figure 2)."""

from mstars.files.json_files import read_json
from mstars.ops.job import job
from mstars.paper.figures.network import draw_network
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    models = [read_json(path) for path in snakemake.input]
    outputs = {name: model["outputs"] for name, model in zip(snakemake.params.names, models, strict=True)}
    save_outputs(draw_network(models[0]["architecture"], outputs), snakemake)
