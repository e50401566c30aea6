"""Candidates of the golden sample, and their labels on one scale."""

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.candidates import golden_labels, read_source_ids
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.literature.catalogues import join, read_catalogue, read_description
from mstars.ops.job import job

with job(snakemake) as log:
    given, made, params = snakemake.input, snakemake.output, snakemake.params
    m_catalog, stars = read_table(given.m_catalog), read_table(given.stars)
    keys = m_catalog[["spectrum_key", "obsid", "ra", "dec"]].merge(
        stars[["spectrum_key", "source_id"]], on="spectrum_key"
    )
    catalogues = {}
    for name, path in zip(params.names, given.descriptions, strict=True):
        described = read_description(path)
        catalogues[name] = join(keys, read_catalogue(described), described)
    selection = params.settings["selection"]
    found = golden_labels(
        m_catalog,
        read_table(given.photometry),
        stars,
        read_table(given.apogee),
        read_table(given.spectra, ["spectrum_key", "batch", "row"]),
        catalogues,
        params.settings,
        binaries=read_source_ids(selection["binaries"], "engines.laspm.golden.selection.binaries"),
        variables=read_source_ids(selection["variables"], "engines.laspm.golden.selection.variables"),
    )
    write_table(found.table, made.table)
    write_table(found.offsets, made.offsets)
    write_table(found.differences, made.differences)
    write_json(found.bands, made.bands)
    for warning in found.warnings:
        log.warning("WARNING: %s", warning)
    counts = found.table.groupby("luminosity_class")["source"].value_counts().to_dict()
    log.info("%d M-type spectra; candidates by class and source %s", len(found.table), counts)
    if not (found.table["source"] != "").any():
        raise InputError("golden sample: no candidate; golden/labels.parquet tells the reason of each spectrum")
