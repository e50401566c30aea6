"""Indices and activity of the recommended spectra as FITS, VOTable, CSV and Parquet."""

from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.stars import likely_binary
from mstars.catalog.writers import write_product
from mstars.core.labels import LABELS
from mstars.files.tables import read_table, read_tables
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    velocities = [*(f"rv_best{end}" for end in ("", "_err", "_from")), "rv_zero_point", "rv_zero_point_err"]
    rows = read_table(given.m_catalog, ["spectrum_key", "obsid", "luminosity_class", *velocities])
    gaia = read_table(given.gaia, ["spectrum_key", "star_id", "ruwe"])
    rows = rows.merge(gaia, on="spectrum_key", how="left", validate="1:1")
    rows["binary"] = likely_binary(rows["ruwe"])
    values = [f"{label}{end}" for label in LABELS for end in ("_calib_err", "_oof")]
    rows = rows.merge(
        read_table(given.parameters, ["spectrum_key", *values]), on="spectrum_key", how="left", validate="1:1"
    )
    rows = rows.merge(read_tables(given.indices), on="spectrum_key", how="left", validate="1:1")
    columns = product_columns("extension")
    table = product_table(rows, columns)
    for path in snakemake.output:
        write_product(table, columns, path, title=f"Indices and activity, survey {snakemake.params.survey}")
    log.info("active: %s", table["active"].value_counts(dropna=False).to_dict())
    dwarfs = table[table["luminosity_class"] == "dM"]
    log.info("metallicity classes of dwarfs: %s", dwarfs["metallicity_class"].value_counts().to_dict())
