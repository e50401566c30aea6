"""The workflow by module (Figure 1), from Snakemake's own rule graph."""

from pathlib import Path

from mstars.ops.job import job
from mstars.paper.figures.rulegraph import ask_rulegraph, draw_rulegraph, rule_modules
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    checkout = Path(snakemake.scriptdir).resolve().parents[1]
    rules, edges = ask_rulegraph(checkout / "Snakefile", snakemake.config, "catalog")
    save_outputs(draw_rulegraph(rules, edges, rule_modules(checkout / "workflow" / "rules")), snakemake)
