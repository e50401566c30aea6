# ingest: the plan of a survey (which file is which spectrum, in which batch), and its files in one store a batch
import functools
import json

@functools.lru_cache(maxsize=1)
def _read_batches(path, changed):
    return json.loads(Path(path).read_text())


def batch_facts(wildcards):
    """Size and digest of a batch, from the plan."""
    path = checkpoints.plan.get().output.batches
    return _read_batches(path, Path(path).stat().st_mtime_ns)[wildcards.batch]


def batch_table(wildcards):
    checkpoints.plan.get()
    return ancient(R + "/plan/plan.parquet")


checkpoint plan:
    input:
        PLAN_INPUT,
    output:
        plan=R + "/plan/plan.parquet",
        candidates=R + "/plan/m_catalog_v0.parquet",
        training=R + "/plan/class_catalog.parquet",
        rejected=R + "/plan/rejected.parquet",
        batches=R + "/plan/batches.json",
        **WATCHED,
    log:
        R + "/logs/plan/plan.log",
    benchmark:
        R + "/benchmarks/plan/plan.tsv"
    params:
        source=PLAN_SOURCE,
        # of other classes as many are read as CNN-SPT and CNN-WDM are trained on
        options=config["plan"] | {name: config["scm"][name] for name in ("n_per_class", "snr_min")},
        seed=SEED,
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    message:
        "plan of survey {SURVEY}: files, plates and batches"
    script:
        "../scripts/plan.py"


# the plan may be made anew without this batch changing: its digest decides, not the plan's age
rule ingest_batch:
    input:
        plan=batch_table,
    output:
        R + "/spectra/{batch}.h5",
    log:
        R + "/logs/ingest_batch/{batch}.log",
    benchmark:
        R + "/benchmarks/ingest_batch/{batch}.tsv"
    params:
        batch=lambda wildcards: batch_facts(wildcards)["digest"],
    threads: 1
    resources:
        # four copies of 35 kB a spectrum at most and two of the store's 25, beside the libraries and the two Snakemakes that Slurm starts in a job
        mem_mb=lambda wildcards, attempt: attempt * (1000 + batch_facts(wildcards)["n_spectra"] * 200 // 1000),
        runtime=lambda wildcards, attempt: attempt * (10 + batch_facts(wildcards)["n_spectra"] // 3000),
    message:
        "ingest {wildcards.batch}"
    script:
        "../scripts/ingest_batch.py"


rule ingest_summary:
    input:
        plan=R + "/plan/plan.parquet",
        rejected=R + "/plan/rejected.parquet",
        stores=per_batch(R + "/spectra/{batch}.h5"),
    output:
        spectra=R + "/ingest/spectra.parquet",
        rejected=R + "/ingest/rejected.parquet",
    log:
        R + "/logs/ingest_summary/summary.log",
    benchmark:
        R + "/benchmarks/ingest_summary/summary.tsv"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    message:
        "summary of the ingest of survey {SURVEY}"
    script:
        "../scripts/ingest_summary.py"
