"""Picture of one spectrum's velocities."""

import numpy as np

from mstars.core.config.velocities import Rvmm
from mstars.core.errors import InputError
from mstars.files.stores import read_batch
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.diagnosis import draw_diagnosis
from mstars.paper.figures.style import save
from mstars.templates.library import load_library
from mstars.velocity.diagnose import diagnose
from mstars.velocity.lines.measure import dsel
from mstars.velocity.match.library_bank import SHORT_END, bank_of
from mstars.velocity.stage import match

with job(snakemake):
    given, wanted = snakemake.input, snakemake.wildcards.spectrum
    survey = read_table(given.survey, ["spectrum_key", "obsid", "lamost_rv"])
    survey = survey[(survey["spectrum_key"] == wanted) | (survey["obsid"].astype(str) == wanted)]
    measured = read_table(given.measured).merge(survey, on="spectrum_key")
    if measured.empty:
        raise InputError(f"{wanted}: no velocities were measured (is the file among the rejected ones?)")
    row = measured.iloc[0]
    spectra = read_batch(given.spectra)
    spectra = spectra.select(np.flatnonzero(spectra.spectrum_key == row["spectrum_key"])[:1])
    rvmm = Rvmm(**snakemake.params.settings)
    library = load_library(given.templates, sources=snakemake.params.sources)
    bank, options = bank_of(library, rvmm.tm), rvmm.tm
    if row["tm_wide"]:
        bank, options = bank.wide, options.over_faint_range()
    short = match(spectra, bank_of(library, rvmm.tm, end=SHORT_END), rvmm.tm)
    emission = dsel(spectra, rvmm.lines)
    velocities = dict(row) | {"rv_tml7500": short["rv_tm"].iloc[0], "rv_dsel": emission["rv_dsel"].iloc[0]}
    diagnosis = diagnose(spectra, bank, row["tm_template"], row["rv_tm"], options)
    title = f"{row['spectrum_key']}, tm_flag {row['tm_flag']}"
    save(draw_diagnosis(diagnosis, velocities, title), snakemake.output)
