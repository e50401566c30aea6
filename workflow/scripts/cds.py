"""All catalogues as aligned ASCII with one ReadMe, as the CDS and the AAS journals want them."""

import mstars
from mstars.catalog.cds import write_cds_files
from mstars.ops.job import job

with job(snakemake) as log:
    params, made = snakemake.params, snakemake.output
    tables = write_cds_files(
        dict(zip(params.products, snakemake.input.products, strict=True)),
        made.tables,
        made.readme,
        survey=params.survey,
        version=mstars.__version__,
        simulated=params.simulated,
        with_filename=params.with_filename,
    )
    for table in tables:
        log.info("%s: %d rows of %d bytes", table.file, table.rows, table.record)
