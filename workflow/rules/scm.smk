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
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        class_catalog="<results>/plan/class_catalog.parquet",
        spectra="<results>/ingest/spectra.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
        class_tables=config["scm"]["class_tables"],
    output:
        pool="<results>/training/pool.parquet",
        excluded="<results>/training/pool.json",
    log:
        "<logs>/training_pool.log",
    benchmark:
        "<benchmarks>/training_pool.tsv"
    params:
        settings=without_networks("scm"),
        classes=[*SCM_CLASSES["spt9"]],
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        seed=SEED,
    resources:
        mem_mb=memory(8000),
        runtime=60,
    message:
        "spectra and labels for the training of CNN-SPT and CNN-WDM"
    script:
        "../scripts/training_pool.py"


rule training_set_scm:
    input:
        pool="<results>/training/pool.parquet",
        excluded="<results>/training/pool.json",
    output:
        table="<results>/training/{task}.parquet",
        summary="<results>/training/{task}.json",
    log:
        "<logs>/training_set_scm/{task}.log",
    benchmark:
        "<benchmarks>/training_set_scm/{task}.tsv"
    params:
        settings=without_networks("scm"),
        classes=lambda wildcards: SCM_CLASSES[wildcards.task],
        seed=SEED,
    wildcard_constraints:
        task="spt|spt9|wdm",
    message:
        "training set {wildcards.task}"
    script:
        "../scripts/training_set_scm.py"


rule fit_outliers:
    input:
        table="<results>/training/spt.parquet",
        spt=per_batch("<results>/predictions/spt/{batch}.parquet"),
        wdm=per_batch("<results>/predictions/wdm/{batch}.parquet"),
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        model="<results>/models/ood/model.json",
        basis="<results>/models/ood/basis.safetensors",
    log:
        "<logs>/fit_outliers.log",
    benchmark:
        "<benchmarks>/fit_outliers.tsv"
    params:
        settings=config["scm"]["ood"],
        survey=SURVEY,
        kind=KIND,
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "principal components of M stars"
    script:
        "../scripts/fit_outliers.py"


# where the outliers' model is there from the start, predict makes this table with the classifiers' in one reading
ruleorder: predict > score_outliers


rule score_outliers:
    input:
        model=trained("<models>/ood/model.json"),
        basis=trained("<models>/ood/basis.safetensors"),
        store="<results>/spectra/{batch}.h5",
        catalog=ancient("<results>/plan/m_catalog_v0.parquet"),
    output:
        "<results>/predictions/ood/{batch}.parquet",
    log:
        "<logs>/score_outliers/{batch}.log",
    benchmark:
        "<benchmarks>/score_outliers/{batch}.tsv"
    message:
        "out-of-distribution score of batch {wildcards.batch}"
    script:
        "../scripts/score_outliers.py"


rule scm_candidates:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        spt=per_batch("<results>/predictions/spt/{batch}.parquet"),
        wdm=per_batch("<results>/predictions/wdm/{batch}.parquet"),
        ood=per_batch("<results>/predictions/ood/{batch}.parquet") if config["scm"]["ood"]["use"] != "off" else [],
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        "<results>/scm/candidates.parquet",
    log:
        "<logs>/scm_candidates.log",
    benchmark:
        "<benchmarks>/scm_candidates.tsv"
    params:
        settings=SCM_SETTINGS,
    resources:
        mem_mb=memory(4000),
    message:
        "SCM candidates"
    script:
        "../scripts/scm_candidates.py"


rule scm_apply:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        spt=per_batch("<results>/predictions/spt/{batch}.parquet"),
        wdm=per_batch("<results>/predictions/wdm/{batch}.parquet"),
        candidates="<results>/scm/candidates.parquet",
        decisions="<results>/review/scm/decisions.parquet",
    output:
        m_catalog="<results>/catalogs/m_catalog_v1.parquet",
        non_m="<results>/catalogs/non_m_catalog_v1.parquet",
    log:
        "<logs>/scm_apply.log",
    benchmark:
        "<benchmarks>/scm_apply.tsv"
    resources:
        mem_mb=memory(4000),
    message:
        "m_catalog_v1 and non_m_catalog_v1"
    script:
        "../scripts/scm_apply.py"
