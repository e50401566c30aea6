"""All catalogues as aligned ASCII with one ReadMe, as the CDS and the AAS journals want them."""

from pathlib import Path

from mstars.catalog.cds import readme_text, write_cds_table
from mstars.catalog.columns import PRODUCTS, product_columns
from mstars.catalog.writers import read_product
from mstars.files.whole import atomic_path
from mstars.ops.job import job

DESCRIPTION = (
    "Spectra of M-type stars with classes, radial velocities, effective temperatures, surface gravities, metallicities "
    "and alpha abundances, made with mstars {version} by the method of Li et al. (2025) from the survey '{survey}'."
)
SIMULATED = " The survey is SIMULATED: it says that the machinery works, not what the sky is like."
REFERENCES = {"Li et al.": "2025, Refined M-type Star Catalog from LAMOST DR10"}

with job(snakemake) as log:
    params, tables = snakemake.params, []
    files = dict(zip(params.products, snakemake.input.products, strict=True))
    for product, target in zip(params.products, snakemake.output.tables, strict=True):
        columns = product_columns(product, with_filename=params.with_filename)
        table = read_product(files[product], columns)
        tables.append(write_cds_table(table, columns, target, PRODUCTS[product]))
        log.info("%s: %d rows of %d bytes", Path(target).name, tables[-1].rows, tables[-1].record)
    text = readme_text(
        tables,
        title=f"M-type stars of {params.survey} (mstars)",
        description=DESCRIPTION.format(version=params.version, survey=params.survey) + SIMULATED * params.simulated,
        references=REFERENCES,
    )
    with atomic_path(snakemake.output.readme) as temporary:
        temporary.write_text(text)
