"""rv_flag, and parameter_flag of the engine that fills the catalogue, with the fits and ranges behind it."""

from mstars.files.json_files import read_json, write_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.quality.assessment import quality_table

with job(snakemake) as log:
    given = snakemake.input
    table = quality_table(
        read_table(given.m_catalog, ["spectrum_key", "rv", "obsdate"]),
        read_table(given.parameter_flags),
        read_table(given.spectra, ["spectrum_key", "frame"]),
        snakemake.params.rv_cut,
    )
    summary = read_json(given.summary)
    write_table(table, snakemake.output.table)
    write_json(summary["fits"], snakemake.output.fits)
    names = {"published": "table_10"}  # the name that readers of this file know
    write_json({names.get(name, name): value for name, value in summary["ranges"].items()}, snakemake.output.ranges)
    log.info("%d spectra, recommended: %s", len(table), table[["rv_flag", "parameter_flag"]].sum().to_dict())
