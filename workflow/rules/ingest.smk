# ingest: the plan of a survey (which file is which spectrum, in which batch and cell of the sky), and its files in one store a batch
checkpoint plan:
    input:
        PLAN_INPUT,
        # the training spectra are drawn once those that these contradict have left
        class_tables=CLASS_TABLES,
    output:
        **PLAN_OUTPUT,
    log:
        "<logs>/plan/plan.log",
    benchmark:
        "<benchmarks>/plan/plan.tsv"
    params:
        source=PLAN_SOURCE,
        # of other classes as many are read as CNN-SPT and CNN-WDM are trained on
        options=config["plan"] | {name: config["scm"][name] for name in ("n_per_class", "snr_min")},
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        cells=config["crossmatch"]["cells"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "plan of survey {SURVEY}: files, plates, batches and cells of the sky"
    script:
        "../scripts/plan.py"


# the plan may be made anew without this batch changing: its digest decides, not the plan's age
rule ingest_batch:
    input:
        plan=batch_table,
    output:
        "<results>/spectra/{batch}.h5",
    log:
        "<logs>/ingest_batch/{batch}.log",
    benchmark:
        "<benchmarks>/ingest_batch/{batch}.tsv"
    params:
        batch=lambda wildcards: batch_facts(wildcards)["digest"],
        step_1=config["ingest"]["step_1"],
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
        plan="<results>/plan/plan.parquet",
        rejected="<results>/plan/rejected.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        spectra="<results>/ingest/spectra.parquet",
        rejected="<results>/ingest/rejected.parquet",
    log:
        "<logs>/ingest_summary/summary.log",
    benchmark:
        "<benchmarks>/ingest_summary/summary.tsv"
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "summary of the ingest of survey {SURVEY}"
    script:
        "../scripts/ingest_summary.py"
