# validate: the scorecard of a simulated survey, against its truth (docs/scorecard.md)


rule scorecard:
    input:
        truth=R + "/sim/truth.parquet",
        lamost=R + "/sim/catalogs/lamost_m.fits.gz",
        plan=R + "/plan/plan.parquet",
        recommended=R + "/catalogs/recommended.parquet",
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        non_m=[R + "/catalogs/non_m_catalog_v1.parquet", R + "/catalogs/non_m_catalog_v2.parquet"],
        rejected=R + "/ingest/rejected.parquet",
        quality=R + "/quality/quality.parquet",
        parameters=R + f"/parameters/{ENGINE}.parquet",
        velocities=per_batch(R + "/rv/measure/{batch}.parquet"),
        held_out=expand(MODELS + "/{task}/validation.parquet", task=["spt", "wdm", "dmgm"]),
    output:
        json=R + "/validation/scorecard.json",
        markdown=R + "/validation/scorecard.md",
    log:
        R + "/logs/scorecard.log",
    benchmark:
        R + "/benchmarks/scorecard.tsv"
    params:
        settings=config["validate"],
        survey=SURVEY,
    threads: 1
    resources:
        mem_mb=memory(1000, 6),
        runtime=minutes(10),
    message:
        "scorecard of {SURVEY}"
    script:
        "../scripts/scorecard.py"


rule calibration_answers:
    input:
        truth=R + "/sim/truth.parquet",
        candidates=R + "/{queue}/candidates.parquet",
    output:
        R + "/validation/calibration_{queue}.parquet",
    log:
        R + "/logs/calibration_answers/{queue}.log",
    benchmark:
        R + "/benchmarks/calibration_answers/{queue}.tsv"
    params:
        tolerance=config["validate"]["rv_tolerance_kms"],
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    message:
        "right labels of queue {wildcards.queue}, to calibrate reviewers of other surveys"
    script:
        "../scripts/calibration_answers.py"
