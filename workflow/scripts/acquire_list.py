"""Which spectra are to be fetched, and in which part."""

from functools import partial

from mstars.archives.lamost import spectra_to_fetch
from mstars.classify.class_tables import contradicted, read_class_tables
from mstars.files.tables import write_table
from mstars.lamost.release import named_files
from mstars.ops.job import job

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    tables = read_class_tables(given.class_tables)
    wrong = {name: partial(contradicted, table=of, radius_arcsec=params.radius_arcsec) for name, of in tables.items()}
    named = named_files(given, params.options, params.seed, wrong)
    write_table(spectra_to_fetch(named, params.parts), snakemake.output[0])
    log.info("%d spectra in %d parts", len(named), params.parts)
