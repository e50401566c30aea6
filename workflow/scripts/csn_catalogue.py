"""Value-added catalogue of Cycle-StarNet (Zhang et al. 2025, Table 1)."""

from mstars.engines.csn.catalogue import read_candidates, value_added
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job

with job(snakemake) as log:
    given, output = snakemake.input, snakemake.output
    table, repeats = value_added(
        read_table(given.parameters),
        read_table(given.flags),
        read_table(given.m_catalog),
        read_table(given.gaia),
        read_table(given.indices),
        variables=read_candidates(given.variables, "engines.csn.catalogue.variables"),
        binaries=read_candidates(given.binaries, "engines.csn.catalogue.binaries"),
        form=snakemake.params.form,
    )
    write_table(table, output.table)
    with atomic_path(output.csv) as temporary:
        table.drop(columns="spectrum_key").to_csv(temporary, index=False, float_format="%.8g")
    write_json(repeats, output.repeats)
    log.info("%d spectra; scatter of repeats %s", len(table),
             {name: (fit["a"], fit["b"]) for name, fit in repeats.items()})  # fmt: skip
