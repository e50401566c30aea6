"""parameter_flag of an engine, with the fits and ranges behind it."""

from mstars.engines.registry import engine_info
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.quality.assessment import CATALOG_COLUMNS, Measured, assess_parameters
from mstars.spectra.arms import arms_of

with job(snakemake) as log:
    given, info = snakemake.input, engine_info(snakemake.wildcards.engine)
    measured = Measured(
        info.labels,
        info.ranges,
        info.clearing(),
        with_errors=info.error != "none",
        arms=arms_of(info.grid.wavelength),
    )
    table, summary = assess_parameters(
        read_table(given.m_catalog, CATALOG_COLUMNS),
        read_table(given.parameters, measured.columns),
        read_table(given.photometry, ["spectrum_key", "CMD_pos"]),
        read_table(given.apogee, ["spectrum_key", "ASPCAP_CLASS"]),
        read_table(given.spectra, ["spectrum_key", "missing_arm"]),
        measured=measured,
        settings=snakemake.params.settings,
    )
    write_table(table, snakemake.output.table)
    write_json(summary, snakemake.output.summary)
    log.info("%d spectra, parameters recommended: %d", len(table), table["parameter_flag"].sum())
