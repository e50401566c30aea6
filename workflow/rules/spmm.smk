# spmm: stellar parameters by label transfer (section 3.4.4), and which are recommended (section 4.1)

FOLDS = list(range(config["spmm"]["folds"]))
if BORROWED and BORROWED.files:  # as many as those models have
    FOLDS = BORROWED.folds("tlma_dM")
    if not FOLDS:
        raise InputError(f"models.path: {MODELS}/tlma_dM has no fold*/model.json; train the parameter models first")
TABLE_FILES = [] if BORROWED else [R + "/tables/baselines.csv"]
ENGINE = config["parameters"]["engine"]


rule training_set_tlma:
    input:
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
        spectra=R + "/ingest/spectra.parquet",
        stars=R + "/crossmatch/gaia.parquet",
    output:
        table=R + "/training/tlma_{kind}.parquet",
        summary=R + "/training/tlma_{kind}.json",
    log:
        R + "/logs/training_set_tlma/{kind}.log",
    benchmark:
        R + "/benchmarks/training_set_tlma/{kind}.tsv"
    params:
        settings=without_networks("spmm"),
        rv_cut=config["quality"]["rv_cut"],
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        seed=SEED,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "training set tlma_{wildcards.kind}"
    script:
        "../scripts/training_set_tlma.py"


rule train_fold:
    input:
        table=R + "/training/tlma_{kind}.parquet",
        summary=R + "/training/tlma_{kind}.json",
        spectra=R + "/training/tlma_{kind}.npy",
    output:
        model=R + "/models/tlma_{kind}/fold{fold}/model.json",
        weights=R + "/models/tlma_{kind}/fold{fold}/weights.safetensors",
        history=R + "/models/tlma_{kind}/fold{fold}/history.csv",
        validation=R + "/models/tlma_{kind}/fold{fold}/validation.parquet",
    log:
        R + "/logs/train_fold/{kind}_{fold}.log",
    benchmark:
        R + "/benchmarks/train_fold/{kind}_{fold}.tsv"
    params:
        networks=config["spmm"]["networks"],
        settings=without_networks("spmm"),
        seed=SEED,
        survey=SURVEY,
        kind=KIND,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=240,
        gpu=gpus("train"),
    message:
        "train CNN-TLMA {wildcards.kind}, fold {wildcards.fold}"
    script:
        "../scripts/train_fold.py"


rule out_of_fold:
    input:
        table=R + "/training/tlma_{kind}.parquet",
        spectra=R + "/training/tlma_{kind}.npy",
        models=expand(R + "/models/tlma_{{kind}}/fold{fold}/model.json", fold=FOLDS),
        weights=expand(R + "/models/tlma_{{kind}}/fold{fold}/weights.safetensors", fold=FOLDS),
    output:
        R + "/models/tlma_{kind}/out_of_fold.parquet",
    log:
        R + "/logs/out_of_fold/{kind}.log",
    benchmark:
        R + "/benchmarks/out_of_fold/{kind}.tsv"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "out-of-fold predictions of tlma_{wildcards.kind}"
    script:
        "../scripts/out_of_fold.py"


rule calibrate:
    input:
        training=R + "/models/tlma_{kind}/out_of_fold.parquet",
        predictions=per_batch(R + "/predictions/tlma/{batch}.parquet"),
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
    output:
        R + "/models/tlma_{kind}/calibration.json",
    log:
        R + "/logs/calibrate/{kind}.log",
    benchmark:
        R + "/benchmarks/calibrate/{kind}.tsv"
    params:
        label_errors=config["spmm"]["label_errors"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    message:
        "calibrated errors of tlma_{wildcards.kind}"
    script:
        "../scripts/calibrate.py"


rule models:
    input:
        expand(MODELS + "/{task}/weights.safetensors", task=["spt", "wdm", "dmgm"]),
        expand(MODELS + "/tlma_{kind}/fold{fold}/weights.safetensors", kind=["dM", "gM"], fold=FOLDS),
        expand(MODELS + "/tlma_{kind}/calibration.json", kind=["dM", "gM"]),
        MODELS + "/ood/basis.safetensors",
    output:
        R + "/models.tar.gz",
    log:
        R + "/logs/models.log",
    benchmark:
        R + "/benchmarks/models.tsv"
    params:
        folder=MODELS,
        licence=str(Path(workflow.basedir) / "LICENSE"),
        survey=SURVEY,
        kind=KIND,
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    message:
        "bundle of the trained models"
    script:
        "../scripts/pack_models.py"


rule predict_tlma:
    input:
        dM=trained(expand(MODELS + "/tlma_dM/fold{fold}/model.json", fold=FOLDS)),
        gM=trained(expand(MODELS + "/tlma_gM/fold{fold}/model.json", fold=FOLDS)),
        weights=trained(expand(MODELS + "/tlma_{kind}/fold{fold}/weights.safetensors", kind=["dM", "gM"], fold=FOLDS)),
        store=R + "/spectra/{batch}.h5",
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
    output:
        R + "/predictions/tlma/{batch}.parquet",
    log:
        R + "/logs/predict_tlma/{batch}.log",
    benchmark:
        R + "/benchmarks/predict_tlma/{batch}.tsv"
    params:
        filled_max=config["spmm"]["filled_max"],
        kind=KIND,
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=60,
        gpu=gpus("predict"),
    message:
        "CNN-TLMA on batch {wildcards.batch}"
    script:
        "../scripts/predict_tlma.py"


rule parameters_cnn:
    input:
        predictions=per_batch(R + "/predictions/tlma/{batch}.parquet"),
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        calibration=trained(expand(MODELS + "/tlma_{kind}/calibration.json", kind=["dM", "gM"])),
        training=trained(expand(MODELS + "/tlma_{kind}/out_of_fold.parquet", kind=["dM", "gM"])),
        ood=per_batch(R + "/predictions/ood/{batch}.parquet") if config["scm"]["ood"]["use"] != "off" else [],
    output:
        R + "/parameters/cnn.parquet",
    log:
        R + "/logs/parameters_cnn.log",
    benchmark:
        R + "/benchmarks/parameters_cnn.tsv"
    params:
        training_stars=config["spmm"]["training_stars"],
        unlike_min=config["scm"]["ood"]["threshold"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "parameters of the engine cnn"
    script:
        "../scripts/parameters_cnn.py"


rule quality:
    input:
        parameters=R + f"/parameters/{ENGINE}.parquet",
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
    output:
        table=R + "/quality/quality.parquet",
        fits=R + "/quality/error_fits.json",
        ranges=R + "/quality/ranges.json",
    log:
        R + "/logs/quality.log",
    benchmark:
        R + "/benchmarks/quality.tsv"
    params:
        settings=config["quality"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "rv_flag and parameter_flag"
    script:
        "../scripts/quality.py"


rule baselines:
    input:
        **{f"table_{kind}": R + f"/training/tlma_{kind}.parquet" for kind in ("dM", "gM")},
        **{f"spectra_{kind}": R + f"/training/tlma_{kind}.npy" for kind in ("dM", "gM")},
        **{f"out_of_fold_{kind}": R + f"/models/tlma_{kind}/out_of_fold.parquet" for kind in ("dM", "gM")},
    output:
        R + "/tables/baselines.csv",
    log:
        R + "/logs/baselines.log",
    benchmark:
        R + "/benchmarks/baselines.tsv"
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=120,
    message:
        "simpler models beside CNN-TLMA"
    script:
        "../scripts/baselines.py"
