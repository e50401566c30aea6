"""Figure of an experiment on Cycle-StarNet."""

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.domain_adaptation import draw_experiment
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given = snakemake.input
    figure = draw_experiment(read_table(given.table), read_json(given.numbers), snakemake.wildcards.experiment)
    save_outputs(figure, snakemake)
