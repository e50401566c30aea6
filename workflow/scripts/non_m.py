"""The non-M catalogue as FITS, VOTable, CSV and Parquet."""

from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.rows import columns_joined, non_m_table
from mstars.catalog.writers import write_products
from mstars.files.tables import read_present
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    columns = product_columns("non_m", with_filename=snakemake.params.with_filename)
    names, wanted = ("v1", "v2", "spectra", "gaia", "photometry"), columns_joined(columns)
    rows = non_m_table(*(read_present(given[name], wanted) for name in names))
    table = product_table(rows, columns)
    title = f"Spectra that are not of M stars, survey {snakemake.params.survey}"
    write_products(table, columns, snakemake.output, title=title)
    log.info("%d spectra: %s", len(table), table["label"].value_counts().to_dict())
