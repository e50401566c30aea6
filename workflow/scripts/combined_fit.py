"""Fit the combined estimate to the labelled stars of a class."""

from pathlib import Path

from mstars.engines.combined.model import fit_kind, write_fit
from mstars.files.json_files import read_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    params, given, out = snakemake.params, snakemake.input, snakemake.output
    tables = {name: read_table(path) for name, path in zip(params.engines, given.parameters, strict=True)}
    labelled, kind = read_table(given.training), snakemake.wildcards.kind
    spectra = read_table(given.spectra, ["spectrum_key", "missing_arm", "snri"])
    errors = {name: read_json(path) for name, path in zip(params.engines, given.calibrations, strict=True)}
    fit, held_out = fit_kind(tables, labelled, spectra, errors, kind=kind, settings=params.settings)
    write_table(held_out, out.held_out)
    about = {"trained_on": params.trained_on, "survey": params.survey, "training_set": read_json(given.summary)["hash"]}
    write_fit(Path(out.model).parent, fit, labelled, kind=kind, about=about)
    log.info("%s: %d labelled spectra, engines %s", kind, len(labelled), ", ".join(params.engines))
    for what, why in fit.left_out.items():
        log.warning("not used: %s: %s", what, why)
