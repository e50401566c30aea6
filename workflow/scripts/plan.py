"""Which file is which spectrum, on which plate and in which batch."""

from functools import partial

from mstars.classify.class_tables import contradicted, read_class_tables
from mstars.files.json_files import write_json
from mstars.files.tables import write_table
from mstars.lamost.batches import describe_batches, make_plan
from mstars.lamost.watch import watched_after
from mstars.ops.job import job
from mstars.sky.cells import plan_cells

with job(snakemake) as log:
    params, made = snakemake.params, snakemake.output
    known = read_class_tables(snakemake.input.class_tables)
    wrong = {name: partial(contradicted, table=of, radius_arcsec=params.radius_arcsec) for name, of in known.items()}
    plan = make_plan(params.source, params.options, params.seed, wrong)
    rows, (cells, cell_facts) = plan.rows(), plan_cells(plan.candidates, params.cells)
    batches = describe_batches(rows)
    tables = [plan.candidates, plan.training, cells, plan.rejected, rows]
    for table, path in zip(tables, (made.candidates, made.training, made.cells, made.rejected, made.plan), strict=True):
        write_table(table, path)
    write_json(batches, made.batches)
    write_json(cell_facts, made.cell_facts)
    if watched := made.get("watched"):
        write_json(watched_after(params.source, [*rows["path"], *plan.rejected["path"]]), watched)
    for note in plan.notes:
        log.info("note: %s", note)
    log.info("%d candidates, %d training spectra", len(plan.candidates), len(plan.training))
    log.info("%d plates, %d batches, %d cells", rows["plate"].nunique(), len(batches), len(cell_facts))
    log.info("%d rejected", len(plan.rejected))
