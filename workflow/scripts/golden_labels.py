"""Candidates of the golden sample, and their labels on one scale."""

from mstars.engines.laspm.golden.candidates import golden_labels, read_source_ids
from mstars.files.json_files import write_json
from mstars.files.tables import read_table, write_table
from mstars.literature.catalogues import join_described
from mstars.ops.job import job

with job(snakemake) as log:
    given, made, params = snakemake.input, snakemake.output, snakemake.params
    m_catalog, stars = read_table(given.m_catalog), read_table(given.stars)
    keys = m_catalog[["spectrum_key", "obsid", "ra", "dec"]]
    keys = keys.merge(stars[["spectrum_key", "source_id"]], on="spectrum_key")
    tables = m_catalog, read_table(given.photometry), stars, read_table(given.apogee), read_table(given.spectra)
    lists = {name: params.settings["selection"][name] for name in ("binaries", "variables")}
    ids = {name: read_source_ids(paths, f"engines.laspm.golden.selection.{name}") for name, paths in lists.items()}
    catalogues = join_described(keys, params.names, given.descriptions, given.catalogues)
    found = golden_labels(*tables, catalogues, params.settings, **ids)
    write_table(found.table, made.table)
    write_table(found.offsets, made.offsets)
    write_table(found.differences, made.differences)
    write_json(found.bands, made.bands)
    for warning in found.warnings:
        log.warning("WARNING: %s", warning)
    log.info("%d M-type spectra, %d candidates", len(found.table), (found.table["source"] != "").sum())
