"""rv_flag and parameter_flag, with the fits and ranges behind them."""

from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.quality.assessment import assess

with job(snakemake) as log:
    given = snakemake.input
    table, fits, ranges = assess(
        read_table(given.m_catalog),
        read_table(given.parameters),
        read_table(given.photometry, ["spectrum_key", "CMD_pos"]),
        read_table(given.apogee, ["spectrum_key", "ASPCAP_CLASS"]),
        settings=snakemake.params.settings,
    )
    write_table(table, snakemake.output.table)
    write_json(fits, snakemake.output.fits)
    write_json(ranges, snakemake.output.ranges)
    counts = table[["rv_flag", "parameter_flag"]].sum().to_dict()
    log.info("%d spectra, recommended: %s", len(table), counts)
