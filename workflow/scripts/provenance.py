"""Checksums of the inputs, versions, config and git commit of this run."""

import json
from pathlib import Path

from mstars.runs.provenance import provenance
from mstars.store import read_table, write_json
from mstars.workflow import job

with job(snakemake):
    n_spectra = len(read_table(snakemake.input.plan, ["spectrum_key"]))
    config = json.loads(json.dumps(snakemake.config))
    found = provenance(Path(snakemake.params.source), snakemake.input.files, config, n_spectra)
    write_json(found, snakemake.output[0])
