"""Every input file of the survey as a row of spectra or of rejected, and their counts."""

from mstars.core.errors import InputError
from mstars.files.tables import read_table, write_table
from mstars.lamost.ingest import summarise, summary_lines
from mstars.ops.job import job

with job(snakemake) as log:
    spectra, rejected = summarise(
        list(snakemake.input.stores), read_table(snakemake.input.plan), read_table(snakemake.input.rejected)
    )
    for line in summary_lines(spectra, rejected):
        log.info("%s", line)
    if spectra.empty:
        raise InputError("no input file holds a usable spectrum; the reasons stand above")
    write_table(rejected, snakemake.output.rejected)
    write_table(spectra, snakemake.output.spectra)
