"""This work beside one literature catalogue."""

from mstars.files.tables import read_table, write_table
from mstars.literature.catalogues import described_table, join, read_catalogue, statistics
from mstars.ops.job import job

with job(snakemake) as log:
    catalogue = described_table(snakemake.input.description, snakemake.input.file)
    joined = join(read_table(snakemake.input.sample), read_catalogue(catalogue), catalogue)
    joined = joined[joined["luminosity_class"].isin(catalogue.kinds)].reset_index(drop=True)
    write_table(joined, snakemake.output.joined)
    write_table(statistics(joined, catalogue.name), snakemake.output.statistics)
    log.info("%s: %d spectra in common", catalogue.name, len(joined))
