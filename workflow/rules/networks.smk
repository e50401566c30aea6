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
    wildcard_constraints:
        set=r"spt|spt9|wdm|dmgm",
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
        settings=lambda wildcards: config["dgcm" if wildcards.task == "dmgm" else "scm"]["networks"],
        seed=SEED,
        survey=SURVEY,
        kind=KIND,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=600,
        gpu=gpus("train"),
    message:
        "train CNN {wildcards.task}"
    script:
        "../scripts/train.py"


# what rests on no prediction made here, in one job a batch: its spectra are read and preprocessed once
TOGETHER = ["spt", "wdm", "dmgm"] if BORROWED else ["spt", "wdm"]
READ_WITH_CLASSIFIERS = [*TOGETHER, "ood"] if BORROWED and config["scm"]["ood"]["use"] != "off" else TOGETHER


rule predict:
    input:
        models=trained([f"{MODELS}/{task}/model.json" for task in TOGETHER]),
        weights=trained([f"{MODELS}/{task}/weights.safetensors" for task in TOGETHER]),
        ood=trained(f"{MODELS}/ood/model.json") if "ood" in READ_WITH_CLASSIFIERS else [],
        basis=trained(f"{MODELS}/ood/basis.safetensors") if "ood" in READ_WITH_CLASSIFIERS else [],
        store=R + "/spectra/{batch}.h5",
        catalog=ancient(R + "/plan/m_catalog_v0.parquet"),
    output:
        **{name: R + f"/predictions/{name}/{{batch}}.parquet" for name in READ_WITH_CLASSIFIERS},
    log:
        R + "/logs/predict/{batch}.log",
    benchmark:
        R + "/benchmarks/predict/{batch}.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
        gpu=gpus("predict"),
    message:
        "CNN " + ", ".join(TOGETHER) + " on batch {wildcards.batch}"
    script:
        "../scripts/predict.py"


# trained on what rests on the others' predictions (dmgm), or asked for alone
rule predict_one:
    input:
        models=trained(MODELS + "/{task}/model.json"),
        weights=trained(MODELS + "/{task}/weights.safetensors"),
        ood=[],
        store=R + "/spectra/{batch}.h5",
        catalog=ancient(R + "/plan/m_catalog_v0.parquet"),
    output:
        R + "/predictions/{task}/{batch}.parquet",
    log:
        R + "/logs/predict_one/{task}/{batch}.log",
    benchmark:
        R + "/benchmarks/predict_one/{task}/{batch}.tsv"
    wildcard_constraints:
        task="|".join(sorted({"spt", "spt9", "wdm", "dmgm"} - set(TOGETHER))),
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
        gpu=gpus("predict"),
    message:
        "CNN {wildcards.task} on batch {wildcards.batch}"
    script:
        "../scripts/predict.py"
