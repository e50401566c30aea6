"""The flow of counts, ours and the paper's."""

from mstars.figures.flow import draw_flow
from mstars.figures.style import save_outputs
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    kind = " (simulated)" if snakemake.params.kind == "simulated" else ""
    title = f"Flow of counts, survey {snakemake.params.survey}{kind}"
    save_outputs(draw_flow(read_table(snakemake.input[0]), title), snakemake)
