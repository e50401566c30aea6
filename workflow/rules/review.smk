# review: queues for people to look at, and their decisions

QUEUE_CATALOG = {
    "scm": "<results>/plan/m_catalog_v0.parquet",
    "dgcm": "<results>/catalogs/m_catalog_v1.parquet",
    "rv": "<results>/catalogs/m_catalog_v2.parquet",
    "random": "<results>/catalogs/m_catalog_v1.parquet",
    "golden": "<results>/catalogs/m_catalog_v3.parquet",
}
# whose features the desk's active learning uses
QUEUE_NETWORK = {"scm": "spt", "dgcm": "dmgm", "rv": "spt", "random": "dmgm", "golden": "dmgm"}
# the queue of the golden sample is there where its engine runs
GOLDEN = "laspm" in enabled_engines(config) and engine_settings(config, "laspm")["library"] == "golden"
ASKED = [*QUEUES, *(["golden"] if GOLDEN else [])]


# decisions are read where Snakemake runs: seconds, and a bad row is told at once instead of in a job's log
localrules:
    review,
    review_resolve,


rule review:
    input:
        expand("<results>/review/{queue}/queue.csv", queue=ASKED),
        expand("<results>/review/{queue}/features.h5", queue=ASKED if config["review"]["active"]["after"] else []),
        CALIBRATION_FILES,


rule review_export:
    input:
        candidates="<results>/{queue}/candidates.parquet",
        catalog=lambda wildcards: QUEUE_CATALOG[wildcards.queue],
        photometry="<results>/crossmatch/photometry.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        ood=per_batch("<results>/predictions/ood/{batch}.parquet") if config["review"]["order"] == "ood" else [],
        index="<results>/ingest/spectra.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        table="<results>/review/{queue}/queue.csv",
        template="<results>/review/{queue}/template.csv",
        evidence="<results>/review/{queue}/desk.parquet",
        desk="<results>/review/{queue}/desk.json",
        pictures=directory("<results>/review/{queue}/pictures"),
    log:
        "<logs>/review_export/{queue}.log",
    benchmark:
        "<benchmarks>/review_export/{queue}.tsv"
    params:
        settings=config["review"],
        survey=SURVEY,
        seed=SEED,
        templates=LIBRARY,
        dm_region=config["photometry"]["dm_region"],
        models=MODELS,
    resources:
        runtime=60,
    message:
        "queue {wildcards.queue}: table and pictures"
    script:
        "../scripts/review_export.py"


rule review_features:
    input:
        evidence="<results>/review/{queue}/desk.parquet",
        model=lambda wildcards: trained(f"<models>/{QUEUE_NETWORK[wildcards.queue]}/model.json")(wildcards),
        weights=lambda wildcards: trained(f"<models>/{QUEUE_NETWORK[wildcards.queue]}/weights.safetensors")(wildcards),
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        "<results>/review/{queue}/features.h5",
    log:
        "<logs>/review_features/{queue}.log",
    benchmark:
        "<benchmarks>/review_features/{queue}.tsv"
    params:
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "queue {wildcards.queue}: what the network sees"
    script:
        "../scripts/review_features.py"


rule review_resolve:
    input:
        candidates="<results>/{queue}/candidates.parquet",
        survey="<results>/plan/m_catalog_v0.parquet",
        catalog=lambda wildcards: QUEUE_CATALOG[wildcards.queue],
        decisions=decision_files(),
        shown=queue_to_show,
    output:
        "<results>/review/{queue}/decisions.parquet",
    log:
        "<logs>/review_resolve/{queue}.log",
    benchmark:
        "<benchmarks>/review_resolve/{queue}.tsv"
    params:
        mode=review_mode,
        survey=SURVEY,
    message:
        "decisions of queue {wildcards.queue}"
    script:
        "../scripts/review_resolve.py"
