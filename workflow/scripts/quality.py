"""rv_flag and parameter_flag, with the fits and ranges behind them."""

from mstars.quality.assessment import assess
from mstars.store import read_table, write_json, write_table
from mstars.workflow import job

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
