"""The recommended catalogue a star a row, as FITS, VOTable, CSV and Parquet."""

from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.stars import NEEDED, star_table
from mstars.catalog.writers import write_products
from mstars.files.tables import read_table
from mstars.ops.job import job

with job(snakemake) as log:
    columns = product_columns("stars")
    table = product_table(star_table(read_table(snakemake.input.catalog, list(NEEDED))), columns)
    title = f"M-type stars, repeats combined, survey {snakemake.params.survey}"
    write_products(table, columns, snakemake.output, title=title)
    repeated = table["n_spectra"] > 1
    log.info("%d stars, %d with more than one spectrum", len(table), repeated.sum())
    log.info("with another class in another spectrum: %d", (table["class_agrees"] == 0).sum())
    log.info("velocity not constant (p < 0.001): %d", (table["rv_p"] < 1e-3).sum())
