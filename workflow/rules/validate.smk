# validate: the scorecard of a simulated survey, against its truth (docs/scorecard.md)


include: "validate_inputs.smk"


rule scorecard:
    input:
        truth="<sim>/truth.parquet",
        lamost="<sim>/catalogs/lamost_m.fits.gz",
        plan="<results>/plan/plan.parquet",
        recommended="<results>/catalogs/recommended.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        non_m=["<results>/catalogs/non_m_catalog_v1.parquet", "<results>/catalogs/non_m_catalog_v2.parquet"],
        rejected="<results>/ingest/rejected.parquet",
        quality="<results>/quality/quality.parquet",
        parameters=f"<results>/parameters/{ENGINE}.parquet",
        velocities=per_batch("<results>/rv/measure/{batch}.parquet"),
        # models from elsewhere were validated on another survey
        held_out=[] if BORROWED else expand("<models>/{task}/validation.parquet", task=["spt", "wdm", "dmgm"]),
    output:
        json="<results>/validation/scorecard.json",
        markdown="<results>/validation/scorecard.md",
    log:
        "<logs>/scorecard.log",
    benchmark:
        "<benchmarks>/scorecard.tsv"
    params:
        settings=config["validate"],
        survey=SURVEY,
    resources:
        mem_mb=memory(1000, 6),
    message:
        "scorecard of {SURVEY}"
    script:
        "../scripts/scorecard.py"


rule calibration_answers:
    input:
        truth="<sim>/truth.parquet",
        candidates="<results>/{queue}/candidates.parquet",
    output:
        "<results>/validation/calibration_{queue}.parquet",
    log:
        "<logs>/calibration_answers/{queue}.log",
    benchmark:
        "<benchmarks>/calibration_answers/{queue}.tsv"
    params:
        tolerance=config["validate"]["rv_tolerance_kms"],
    message:
        "right labels of queue {wildcards.queue}, to calibrate reviewers of other surveys"
    script:
        "../scripts/calibration_answers.py"


# the same spectra by the paper's recipe, config/paper_demo.yaml: `make paper-demo`
rule recipes:
    input:
        truth="<sim>/truth.parquet",
        our_card="<results>/validation/scorecard.json",
        their_card=beside("validation/scorecard.json"),
        ours=lambda wildcards: outcome_files(R),
        theirs=lambda wildcards: outcome_files(PAPER_TWIN),
    output:
        table="<results>/validation/recipes.csv",
        markdown="<results>/validation/recipes.md",
    log:
        "<logs>/recipes.log",
    benchmark:
        "<benchmarks>/recipes.tsv"
    params:
        settings=config["validate"],
        names=[SURVEY, Path(PAPER_TWIN).name],
    resources:
        mem_mb=memory(1000, 6),
    message:
        "{params.names} side by side"
    script:
        "../scripts/recipes.py"
