"""The library of LASPM from its FITS file: a table of stars and a store of spectra."""

from mstars.engines.laspm.golden.library_set import write_library_store
from mstars.engines.laspm.golden.product import read_library
from mstars.files.tables import write_table
from mstars.ops.job import job

with job(snakemake) as log:
    path, made = snakemake.input[0], snakemake.output
    table = write_library_store(read_library(path), path, made.store)
    write_table(table, made.table)
    log.info("%s: %d spectra, %s", path, len(table), table["luminosity_class"].value_counts().to_dict())
