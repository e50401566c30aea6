"""Which file is which spectrum, on which plate and in which batch."""

from mstars.files.json_files import write_json
from mstars.files.tables import write_table
from mstars.lamost.batches import assign_batches, describe_batches
from mstars.lamost.plan import plan_files
from mstars.lamost.release import plan_release
from mstars.ops.job import job

with job(snakemake) as log:
    options = snakemake.params.plan
    if snakemake.params.kind == "files":
        plan = plan_files(snakemake.params.files)
    else:
        plan = plan_release(
            **snakemake.params.release,
            per_class=options["training_per_class"],
            snr_max=options["training_snr_max"],
            seed=snakemake.params.seed,
        )
    assign_batches(plan, options["plates_per_batch"], options["min_spectra"])
    rows = plan.rows()
    batches = describe_batches(rows)
    write_table(plan.candidates, snakemake.output.candidates)
    write_table(plan.training, snakemake.output.training)
    write_table(plan.rejected, snakemake.output.rejected)
    write_json(batches, snakemake.output.batches)
    write_table(rows, snakemake.output.plan)
    for note in plan.notes:
        log.info("note: %s", note)
    log.info(
        "%d candidates and %d training spectra on %d plates in %d batches; %d rejected",
        len(plan.candidates),
        len(plan.training),
        rows["plate"].nunique(),
        len(batches),
        len(plan.rejected),
    )
