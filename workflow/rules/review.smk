# review: queues for people to look at, and their decisions

QUEUE_CATALOG = {
    "scm": R + "/plan/m_catalog_v0.parquet",
    "dgcm": R + "/catalogs/m_catalog_v1.parquet",
    "rv": R + "/catalogs/m_catalog_v2.parquet",
    "random": R + "/catalogs/m_catalog_v1.parquet",
}
# whose features the desk's active learning uses
QUEUE_NETWORK = {"scm": "spt", "dgcm": "dmgm", "rv": "spt", "random": "dmgm"}


def review_mode(wildcards):
    """The random check is a sample: nothing waits for it to be complete."""
    return "provisional" if wildcards.queue == "random" else config["review"]["mode"]


def decision_files(wildcards):
    """The decision files of a queue as they are now: a new one reruns what rests on it, and nothing else."""
    return sorted(str(path) for path in Path("review", SURVEY, wildcards.queue).glob("*.csv"))


def queue_to_show(wildcards):
    """Where decisions are required, the queue is written before the run stops for them."""
    return [R + f"/review/{wildcards.queue}/queue.csv"] if review_mode(wildcards) == "required" else []


# decisions are read where Snakemake runs: seconds, and a bad row is told at once instead of in a job's log
localrules:
    review,
    review_resolve,


rule review:
    input:
        expand(R + "/review/{queue}/queue.csv", queue=QUEUE_CATALOG),
        expand(R + "/review/{queue}/features.h5", queue=QUEUE_CATALOG if config["review"]["active"]["after"] else []),
        CALIBRATION_FILES,


rule review_export:
    input:
        candidates=R + "/{queue}/candidates.parquet",
        catalog=lambda wildcards: QUEUE_CATALOG[wildcards.queue],
        photometry=R + "/crossmatch/photometry.parquet",
        stars=R + "/crossmatch/gaia.parquet",
        ood=per_batch(R + "/predictions/ood/{batch}.parquet") if config["review"]["order"] == "ood" else [],
        index=R + "/ingest/spectra.parquet",
        stores=per_batch(R + "/spectra/{batch}.h5"),
    output:
        table=R + "/review/{queue}/queue.csv",
        template=R + "/review/{queue}/template.csv",
        evidence=R + "/review/{queue}/desk.parquet",
        desk=R + "/review/{queue}/desk.json",
        pictures=directory(R + "/review/{queue}/pictures"),
    log:
        R + "/logs/review_export/{queue}.log",
    benchmark:
        R + "/benchmarks/review_export/{queue}.tsv"
    params:
        settings=config["review"],
        survey=SURVEY,
        seed=SEED,
        templates=LIBRARY,
        dm_region=config["photometry"]["dm_region"],
        models=MODELS,
        stores=R + "/spectra",
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    message:
        "queue {wildcards.queue}: table and pictures"
    script:
        "../scripts/review_export.py"


rule review_features:
    input:
        evidence=R + "/review/{queue}/desk.parquet",
        model=lambda wildcards: trained(MODELS + f"/{QUEUE_NETWORK[wildcards.queue]}/model.json")(wildcards),
        weights=lambda wildcards: trained(MODELS + f"/{QUEUE_NETWORK[wildcards.queue]}/weights.safetensors")(wildcards),
        stores=per_batch(R + "/spectra/{batch}.h5"),
    output:
        R + "/review/{queue}/features.h5",
    log:
        R + "/logs/review_features/{queue}.log",
    benchmark:
        R + "/benchmarks/review_features/{queue}.tsv"
    params:
        stores=R + "/spectra",
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "queue {wildcards.queue}: what the network sees"
    script:
        "../scripts/review_features.py"


rule review_resolve:
    input:
        candidates=R + "/{queue}/candidates.parquet",
        survey=R + "/plan/m_catalog_v0.parquet",
        catalog=lambda wildcards: QUEUE_CATALOG[wildcards.queue],
        decisions=decision_files,
        shown=queue_to_show,
    output:
        R + "/review/{queue}/decisions.parquet",
    log:
        R + "/logs/review_resolve/{queue}.log",
    benchmark:
        R + "/benchmarks/review_resolve/{queue}.tsv"
    params:
        mode=review_mode,
        survey=SURVEY,
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=10,
    message:
        "decisions of queue {wildcards.queue}"
    script:
        "../scripts/review_resolve.py"
