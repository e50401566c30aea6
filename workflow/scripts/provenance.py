"""Checksums of the inputs, versions, config and git commit of this run."""

from pathlib import Path

from mstars.files.json_files import write_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.ops.provenance import provenance

with job(snakemake):
    n_spectra = len(read_table(snakemake.input.plan, ["spectrum_key"]))
    found = provenance(Path(snakemake.scriptdir), snakemake.input.files, snakemake.config, n_spectra)
    write_json(found, snakemake.output[0])
