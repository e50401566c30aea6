"""Every input file of the survey as a row of spectra or of rejected, and their counts."""

from mstars.core.errors import InputError
from mstars.files.tables import read_table, write_table
from mstars.lamost.ingest import summarise, summary_lines
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    plan = read_table(given.plan, ["spectrum_key", "plate", "role"])
    spectra, rejected = summarise(list(given.stores), plan, read_table(given.rejected))
    for line in summary_lines(spectra, rejected):
        log.info("%s", line)
    if spectra.empty:
        raise InputError("no input file holds a usable spectrum; the reasons stand above")
    write_table(rejected, snakemake.output.rejected)
    write_table(spectra, snakemake.output.spectra)
