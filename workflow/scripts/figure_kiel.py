"""Kiel diagram of the recommended parameters (Figure 23)."""

from mstars.figures.diagrams import draw_kiel
from mstars.figures.style import save
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake):
    catalog = read_table(snakemake.input.catalog, ["teff", "logg", "m_h", "parameter_flag"])
    save(draw_kiel(catalog), snakemake.output)
