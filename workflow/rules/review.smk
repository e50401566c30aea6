# review: queues for people to look at, and their decisions

QUEUE_CATALOG = {
    "scm": R + "/plan/m_catalog_v0.parquet",
    "dgcm": R + "/catalogs/m_catalog_v1.parquet",
    "rv": R + "/catalogs/m_catalog_v2.parquet",
}


def decision_files(wildcards):
    """The decision files of a queue as they are now: a new one reruns what rests on it, and nothing else."""
    return sorted(str(path) for path in Path("review", SURVEY, wildcards.queue).glob("*.csv"))


rule review_resolve:
    input:
        candidates=R + "/{queue}/candidates.parquet",
        survey=R + "/plan/m_catalog_v0.parquet",
        catalog=lambda wildcards: QUEUE_CATALOG[wildcards.queue],
        decisions=decision_files,
    output:
        R + "/review/{queue}/decisions.parquet",
    log:
        R + "/logs/review_resolve/{queue}.log",
    benchmark:
        R + "/benchmarks/review_resolve/{queue}.tsv"
    params:
        mode=config["review"]["mode"],
        survey=SURVEY,
        code=digest("review/decisions"),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    message:
        "decisions of queue {wildcards.queue}"
    script:
        "../scripts/review_resolve.py"
