"""The network, drawn from the trained models' own descriptions (Figure 2)."""

from mstars.figures.network import draw_network
from mstars.figures.style import save_outputs
from mstars.store import read_json
from mstars.workflow import job

with job(snakemake):
    models = [read_json(path) for path in snakemake.input]
    outputs = {name: model["outputs"] for name, model in zip(snakemake.params.names, models, strict=True)}
    save_outputs(draw_network(models[0]["architecture"], outputs), snakemake)
