"""What became of every input spectrum, and why."""

from mstars.catalog.rows import CLASSIFICATION_NEEDS, classification_table
from mstars.files.tables import read_present, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given = snakemake.input
    names = ("m_catalog_v0", "rejected", "m_catalog_v2", "non_m_v1", "non_m_v2", "photometry")
    table = classification_table(*(read_present(given[name], CLASSIFICATION_NEEDS) for name in names))
    write_table(table, snakemake.output[0])
    log.info("%d input spectra: %s", len(table), table["final_class"].value_counts().to_dict())
