"""Picture of one spectrum's velocities."""

import numpy as np

from mstars.core.config.velocities import Rvmm
from mstars.files.stores import read_batch
from mstars.files.tables import read_table, row_of
from mstars.ops.job import job
from mstars.paper.figures.diagnosis import draw_diagnosis
from mstars.paper.figures.style import figure_style, save
from mstars.templates.library import load_library
from mstars.velocity.diagnose import diagnose_measured

with job(snakemake), figure_style(snakemake):
    given, params = snakemake.input, snakemake.params
    survey = read_table(given.survey, ["spectrum_key", "obsid", "lamost_rv"])
    measured = read_table(given.measured).merge(survey, on="spectrum_key")
    where = "the spectra with velocities (is the file among the rejected ones?)"
    row = row_of(measured, snakemake.wildcards.spectrum, where)
    spectra = read_batch(given.spectra)
    spectrum = spectra.select(np.flatnonzero(spectra.spectrum_key == row["spectrum_key"])[:1])
    library = load_library(given.templates, sources=params.sources)
    diagnosis, velocities = diagnose_measured(spectrum, row, library, Rvmm(**params.settings))
    title = f"{row['spectrum_key']}, tm_flag {row['tm_flag']}"
    save(draw_diagnosis(diagnosis, velocities, title), snakemake.output)
