"""Indices and activity of the recommended spectra as FITS, VOTable, CSV and Parquet."""

from mstars.catalog import extension
from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.writers import write_products
from mstars.files.tables import read_table, read_tables
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    rows = extension.extension_rows(
        read_table(given.m_catalog, extension.CATALOG_COLUMNS),
        read_table(given.gaia, extension.GAIA_COLUMNS),
        read_table(given.parameters, extension.PARAMETER_COLUMNS),
        read_tables(given.indices),
    )
    columns = product_columns("extension")
    table = product_table(rows, columns)
    title = f"Indices and activity, survey {snakemake.params.survey}"
    write_products(table, columns, snakemake.output, title=title)
    log.info("active: %s", table["active"].value_counts(dropna=False).to_dict())
    dwarfs = table[table["luminosity_class"] == "dM"]
    log.info("metallicity classes of dwarfs: %s", dwarfs["metallicity_class"].value_counts().to_dict())
