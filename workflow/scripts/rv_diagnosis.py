"""Picture of one spectrum's velocities."""

import numpy as np

from mstars.errors import InputError
from mstars.figures.diagnosis import draw_diagnosis
from mstars.figures.style import save
from mstars.store import read_batch, read_table
from mstars.templates import load_library
from mstars.velocity import bank_of
from mstars.velocity.diagnose import diagnose
from mstars.workflow import job

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
    settings = snakemake.params.settings["tm"]
    bank = bank_of(load_library(given.templates, sources=snakemake.params.sources), settings)
    if row["tm_wide"]:
        bank = bank.wide
    diagnosis = diagnose(spectra, bank, row["tm_template"], row["rv_tm"])
    save(draw_diagnosis(diagnosis, dict(row), f"{row['spectrum_key']}, flag {row['tm_flag']}"), snakemake.output)
