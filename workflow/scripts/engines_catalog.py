"""The catalogue of all engines side by side."""

from mstars.catalog.columns import product_table
from mstars.catalog.engine_columns import TITLE, engines_columns, engines_rows
from mstars.catalog.writers import write_products
from mstars.engines.registry import engine_info
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.literature.engine_scales import scaled_labels
from mstars.ops.job import job

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    tables = {
        name: (read_table(one), read_table(two, ["spectrum_key", "parameter_flag"]))
        for name, one, two in zip(params.engines, given.parameters, given.flags, strict=True)
    }
    scales = read_json(given.scales) if given.scales else None
    scaled = {name: scaled_labels(name, one, scales) for name, (one, _) in tables.items()} if scales else {}
    columns = engines_columns([engine_info(name) for name in params.engines], params.scale)
    rows = engines_rows(
        read_table(given.m_catalog, ["spectrum_key", "obsid", "luminosity_class", "snri"]), tables, scaled
    )
    table = product_table(rows, columns)
    write_products(table, columns, snakemake.output, title=f"{TITLE}, survey {params.survey}")
    log.info("%d spectra, engines %s, scale %s", len(table), ", ".join(params.engines), params.scale or "each its own")
