"""The recommended catalogue as FITS, VOTable, CSV and Parquet."""

from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.rows import columns_joined, recommended_table
from mstars.catalog.writers import write_products
from mstars.files.tables import read_present
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    columns = product_columns("recommended", with_filename=snakemake.params.with_filename)
    names, wanted = ("m_catalog", "spectra", "gaia", "photometry", "parameters", "quality"), columns_joined(columns)
    # not kept under a name: the joined rows are gone when the products are written
    table = product_table(
        recommended_table(*(read_present(given[name], wanted) for name in names), snakemake.params.errors), columns
    )
    title = f"Recommended catalogue of M-type stars, survey {snakemake.params.survey}"
    write_products(table, columns, snakemake.output, title=title)
    counts = table[["rv_flag", "parameter_flag"]].sum().to_dict()
    log.info("%d spectra of %d stars, recommended: %s", len(table), table["star_id"].nunique(), counts)
    log.info("classes: %s", table["luminosity_class"].value_counts().to_dict())
    log.info("velocities from: %s", table["rv_from"].value_counts().to_dict())
