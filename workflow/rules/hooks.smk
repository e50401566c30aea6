# before the first job and after the last

from mstars.files.whole import remove_leftovers
from mstars.ops.run_summary import write_summary


onstart:
    said = slurm.unwritable([R] if BORROWED else [R, MODELS])
    if workflow.executor_plugin.name == "slurm":
        said += slurm.rule_complaints(workflow.rules, trained=BORROWED is None)
    if said:
        raise WorkflowError("\n".join(said))
    places = {R, *([] if BORROWED else [MODELS]), "results/templates", "results/isochrones", "results/bundles"}
    if removed := remove_leftovers(places):
        print(f"removed {len(removed)} temporary files of killed jobs, first {removed[0]}", file=sys.stderr)


onsuccess:
    print(write_summary(R))
    for path in map(Path, VALIDATION_FILES):
        if path.is_file():
            print(path.with_suffix(".md").read_text(), end="")


onerror:
    print(f"what is done so far: mstars progress {R}; which files are whole: mstars verify {R}")
