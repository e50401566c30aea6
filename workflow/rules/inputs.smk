# input functions: what jobs read that is known only when the plan, the config or the reviewers' files are looked at

import functools
import json


def missing_first(outputs):
    """Outputs of a checkpoint with those that are missing first: Snakemake asks a checkpoint for its first one."""
    return dict(sorted(outputs.items(), key=lambda output: os.path.exists(output[1])))


PLAN_OUTPUT = missing_first(
    {
        "plan": f"{R}/plan/plan.parquet",
        "candidates": f"{R}/plan/m_catalog_v0.parquet",
        "training": f"{R}/plan/class_catalog.parquet",
        "rejected": f"{R}/plan/rejected.parquet",
        "batches": f"{R}/plan/batches.json",
        "cells": f"{R}/plan/cells.parquet",
        "cell_facts": f"{R}/plan/cells.json",
        **WATCHED,
    }
)


def plan_batches():
    """Facts of each batch by its name, known once the checkpoint has written the plan."""
    facts = Path(checkpoints.plan.get().output.batches)
    return read_batches(facts, facts.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def read_batches(facts, changed):
    return json.loads(facts.read_text())


def batches():
    """Names of the batches, known once the checkpoint has written the plan."""
    return sorted(plan_batches())


def batch_facts(wildcards):
    """Size and digest of a batch, from the plan."""
    return plan_batches()[wildcards.batch]


def batch_table(wildcards):
    """The plan, whose age does not count: it may be made anew without this batch changing."""
    checkpoints.plan.get()
    return ancient("<results>/plan/plan.parquet")


def per_batch(pattern):
    """Input function: ``pattern`` for every batch of the plan."""
    return lambda wildcards: expand(pattern, batch=batches(), allow_missing=True)


def of_spectrum(pattern):
    """Input function: ``pattern`` for the batch of the wildcard {spectrum}, a spectrum_key or an obsid."""

    def path(wildcards):
        from mstars.files.tables import read_table, row_of

        checkpoints.plan.get()
        survey = read_table(f"{R}/plan/m_catalog_v0.parquet", ["spectrum_key", "obsid", "batch"])
        return pattern.format(batch=row_of(survey, wildcards.spectrum, f"survey {SURVEY}")["batch"])

    return path


def external(name):
    """Path of an external catalogue or map; no input where there is none."""
    return EXTERNAL[name] or []


def trained(pattern):
    """Input function for files of trained models: says what to do where borrowed ones are not there."""

    def files(wildcards):
        if BORROWED:
            BORROWED.check()
        patterns = [pattern] if isinstance(pattern, str) else pattern
        return [path.format(**wildcards) for path in patterns]

    return files


if config["models"]["path"]:
    with told_alone():
        BORROWED.check()


def review_mode(wildcards):
    """The random check is a sample: nothing waits for it to be complete."""
    return "provisional" if wildcards.queue == "random" else config["review"]["mode"]


def decision_files(queue="{queue}"):
    """Input function: the decision files of a queue as they are now; a new one reruns what rests on it, nothing else."""
    return lambda wildcards: decisions_in(queue.format(**wildcards))


def decisions_in(queue):
    """Files of people's decisions on a queue."""
    from mstars.review.decisions import decision_files as files_in

    return [str(path) for path in files_in(Path("review", SURVEY, queue))]


def queue_to_show(wildcards):
    """Where decisions are required, the queue is written before the run stops for them."""
    return f"<results>/review/{wildcards.queue}/queue.csv" if review_mode(wildcards) == "required" else []


def joined_catalog(wildcards):
    """The joined table of a configured catalogue; nothing where it isn't configured."""
    return [f"<results>/compare/catalogs/{wildcards.catalog}.parquet"] if wildcards.catalog in LITERATURE else []


def isochrone_files(wildcards):
    """The user's own isochrone files."""
    from mstars.paper.isochrones import find_isochrones

    return find_isochrones(config["figures"]["isochrones"])


def run_inputs(wildcards):
    """What a run reads that it hasn't made: tables, maps, the template library, people's decisions; and the plan."""
    from mstars.sky.parts import proof_of

    files = [*PLAN_INPUT, LIBRARY, f"{R}/plan/batches.json"]
    files += [str(file) for path in EXTERNAL.values() if path for file in proof_of(path)]
    files += [f"{path}.json" for path in FETCHED_FILES.values()]
    files += per_cell(expand("<results>/archives/{catalogue}/{{cell}}.json", catalogue=FETCHED_BY_CELL))(wildcards)
    files += [path for pair in LITERATURE.values() for path in pair]
    files += [COMPARE[name] for name in GROUP_TABLES if COMPARE[name]]
    files += [f"{path}.json" for path in files if "/archives/vizier/" in path]
    files += [f"{pair[1]}.json" for name, pair in FETCHED_LITERATURE.items() if LITERATURE[name] == pair]
    return sorted({*files, *(path for queue in [*QUEUES, "golden"] for path in decisions_in(queue))})
