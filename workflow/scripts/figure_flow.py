"""The flow of counts, ours and the paper's."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.flow import draw_flow
from mstars.paper.figures.style import save_outputs

with job(snakemake):
    kind = " (simulated)" if snakemake.params.kind == "simulated" else ""
    title = f"Flow of counts, survey {snakemake.params.survey}{kind}"
    save_outputs(draw_flow(read_table(snakemake.input[0]), title), snakemake)
