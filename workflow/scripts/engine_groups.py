"""[M/H] of wide pairs and of cluster members, by every engine."""

import pandas as pd

from mstars.files.json_files import read_json
from mstars.files.tables import read_table, write_table
from mstars.literature.criteria import PairCriteria
from mstars.literature.engine_groups import KEYS, group_rows, group_statistics, read_groups
from mstars.ops.job import job

with job(snakemake) as log:
    given, out = snakemake.input, snakemake.output
    table = read_table(given.table)
    names = [one["name"] for one in read_json(given.sources)["sources"] if one["kind"] == "engine"]
    groups = read_groups({name: given[name] for name in snakemake.params.tables})
    measured = [name for name in names if f"m_h_{name}" in table]
    found = dict(group_rows(table, measured, groups, PairCriteria(**snakemake.params.own)))
    statistics = group_statistics(found)
    write_table(statistics, out.statistics)
    stars = [one.assign(**dict(zip(KEYS, key, strict=True))) for key, one in found.items()]
    write_table(
        pd.concat(stars, ignore_index=True) if stars else pd.DataFrame(columns=list(KEYS), dtype=str), out.differences
    )
    log.info("tables: %s; %d rows", ", ".join(groups) or "none", len(statistics))
