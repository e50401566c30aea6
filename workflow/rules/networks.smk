# networks: inputs of a training set, training of the classifiers, prediction


rule training_spectra:
    input:
        table=R + "/training/{set}.parquet",
        stores=per_batch(R + "/spectra/{batch}.h5"),
    output:
        temp(R + "/training/{set}.npy"),
    log:
        R + "/logs/training_spectra/{set}.log",
    benchmark:
        R + "/benchmarks/training_spectra/{set}.tsv"
    params:
        code=digest("networks/data", "spectra"),
    wildcard_constraints:
        set=r"spt|spt9|wdm|dmgm|tlma_dM|tlma_gM",
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    message:
        "spectra of the training set {wildcards.set}"
    script:
        "../scripts/training_spectra.py"


rule train:
    input:
        table=R + "/training/{task}.parquet",
        summary=R + "/training/{task}.json",
        spectra=R + "/training/{task}.npy",
    output:
        model=R + "/models/{task}/model.json",
        weights=R + "/models/{task}/weights.safetensors",
        history=R + "/models/{task}/history.csv",
        validation=R + "/models/{task}/validation.parquet",
    log:
        R + "/logs/train/{task}.log",
    benchmark:
        R + "/benchmarks/train/{task}.tsv"
    params:
        settings=config["networks"],
        seed=SEED,
        survey=SURVEY,
        kind=KIND,
        code=digest("networks"),
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=600,
        gpu=gpus("train"),
    message:
        "train CNN {wildcards.task}"
    script:
        "../scripts/train.py"


rule predict:
    input:
        model=trained(MODELS + "/{task}/model.json"),
        weights=trained(MODELS + "/{task}/weights.safetensors"),
        store=R + "/spectra/{batch}.h5",
        catalog=ancient(R + "/plan/m_catalog_v0.parquet"),
    output:
        R + "/predictions/{task}/{batch}.parquet",
    log:
        R + "/logs/predict/{task}/{batch}.log",
    benchmark:
        R + "/benchmarks/predict/{task}/{batch}.tsv"
    params:
        code=digest("networks", "spectra"),
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
        gpu=gpus("predict"),
    message:
        "CNN {wildcards.task} on batch {wildcards.batch}"
    script:
        "../scripts/predict.py"
