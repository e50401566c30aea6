# scm: which spectra of the M catalogue are not of M stars (section 3.4.1)

# late K and early M are alike: in a catalogue of M stars a K is let be; of a folder of anything, K stars are part
SCM_SETTINGS = without_networks("scm")
if SCM_SETTINGS["k_prediction"] == "auto":
    SCM_SETTINGS["k_prediction"] = K_PREDICTION
SCM_CLASSES = {
    "spt": [name for name in config["scm"]["classes"] if name != "WD"],
    "spt9": [*(name for name in config["scm"]["classes"] if name != "WD"), "WD"],
    "wdm": ["WD", "M"],
}


POOL_CODE = [f"classify/{name}" for name in ("class_tables", "training_sets", "screening", "outliers", "zirconium")]


rule training_pool:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        class_catalog=R + "/plan/class_catalog.parquet",
        spectra=R + "/ingest/spectra.parquet",
        stars=R + "/crossmatch/gaia.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
        stores=per_batch(R + "/spectra/{batch}.h5"),
        class_tables=config["scm"]["class_tables"],
    output:
        pool=R + "/training/pool.parquet",
        excluded=R + "/training/pool.json",
    log:
        R + "/logs/training_pool.log",
    benchmark:
        R + "/benchmarks/training_pool.tsv"
    params:
        settings=without_networks("scm"),
        classes=[*SCM_CLASSES["spt9"]],
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        seed=SEED,
    threads: 1
    resources:
        mem_mb=memory(8000),
        runtime=60,
    message:
        "spectra and labels for the training of CNN-SPT and CNN-WDM"
    script:
        "../scripts/training_pool.py"


rule training_set_scm:
    input:
        pool=R + "/training/pool.parquet",
        excluded=R + "/training/pool.json",
    output:
        table=R + "/training/{task}.parquet",
        summary=R + "/training/{task}.json",
    log:
        R + "/logs/training_set_scm/{task}.log",
    benchmark:
        R + "/benchmarks/training_set_scm/{task}.tsv"
    params:
        settings=without_networks("scm"),
        classes=lambda wildcards: SCM_CLASSES[wildcards.task],
        seed=SEED,
    wildcard_constraints:
        task="spt|spt9|wdm",
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=10,
    message:
        "training set {wildcards.task}"
    script:
        "../scripts/training_set_scm.py"


rule fit_outliers:
    input:
        table=R + "/training/spt.parquet",
        spt=per_batch(R + "/predictions/spt/{batch}.parquet"),
        wdm=per_batch(R + "/predictions/wdm/{batch}.parquet"),
        stores=per_batch(R + "/spectra/{batch}.h5"),
    output:
        model=R + "/models/ood/model.json",
        basis=R + "/models/ood/basis.safetensors",
    log:
        R + "/logs/fit_outliers.log",
    benchmark:
        R + "/benchmarks/fit_outliers.tsv"
    params:
        settings=config["scm"]["ood"],
        survey=SURVEY,
        kind=KIND,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "principal components of M stars"
    script:
        "../scripts/fit_outliers.py"


if "ood" not in READ_WITH_CLASSIFIERS:

    rule score_outliers:
        input:
            model=trained(MODELS + "/ood/model.json"),
            basis=trained(MODELS + "/ood/basis.safetensors"),
            store=R + "/spectra/{batch}.h5",
            catalog=ancient(R + "/plan/m_catalog_v0.parquet"),
        output:
            R + "/predictions/ood/{batch}.parquet",
        log:
            R + "/logs/score_outliers/{batch}.log",
        benchmark:
            R + "/benchmarks/score_outliers/{batch}.tsv"
        threads: 1
        resources:
            mem_mb=memory(2000),
            runtime=30,
        message:
            "out-of-distribution score of batch {wildcards.batch}"
        script:
            "../scripts/score_outliers.py"


rule scm_candidates:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        spt=per_batch(R + "/predictions/spt/{batch}.parquet"),
        wdm=per_batch(R + "/predictions/wdm/{batch}.parquet"),
        ood=per_batch(R + "/predictions/ood/{batch}.parquet") if config["scm"]["ood"]["use"] != "off" else [],
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        R + "/scm/candidates.parquet",
    log:
        R + "/logs/scm_candidates.log",
    benchmark:
        R + "/benchmarks/scm_candidates.tsv"
    params:
        settings=SCM_SETTINGS,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "SCM candidates"
    script:
        "../scripts/scm_candidates.py"


rule scm_apply:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        spt=per_batch(R + "/predictions/spt/{batch}.parquet"),
        wdm=per_batch(R + "/predictions/wdm/{batch}.parquet"),
        candidates=R + "/scm/candidates.parquet",
        decisions=R + "/review/scm/decisions.parquet",
    output:
        m_catalog=R + "/catalogs/m_catalog_v1.parquet",
        non_m=R + "/catalogs/non_m_catalog_v1.parquet",
    log:
        R + "/logs/scm_apply.log",
    benchmark:
        R + "/benchmarks/scm_apply.tsv"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "m_catalog_v1 and non_m_catalog_v1"
    script:
        "../scripts/scm_apply.py"
