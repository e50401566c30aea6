# networks: inputs of a training set, training of the classifiers, prediction


rule training_spectra:
    input:
        table="<results>/training/{set}.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        temp("<results>/training/{set}.npy"),
    log:
        "<logs>/training_spectra/{set}.log",
    benchmark:
        "<benchmarks>/training_spectra/{set}.tsv"
    wildcard_constraints:
        set=r"spt|spt9|wdm|dmgm",
    resources:
        runtime=60,
    message:
        "spectra of the training set {wildcards.set}"
    script:
        "../scripts/training_spectra.py"


rule train:
    input:
        table="<results>/training/{task}.parquet",
        summary="<results>/training/{task}.json",
        spectra="<results>/training/{task}.npy",
    output:
        model="<results>/models/{task}/model.json",
        weights="<results>/models/{task}/weights.safetensors",
        history="<results>/models/{task}/history.csv",
        validation="<results>/models/{task}/validation.parquet",
    log:
        "<logs>/train/{task}.log",
    benchmark:
        "<benchmarks>/train/{task}.tsv"
    params:
        settings=lambda wildcards: config["dgcm" if wildcards.task == "dmgm" else "scm"]["networks"],
        seed=SEED,
        survey=SURVEY,
        kind=KIND,
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
        store="<results>/spectra/{batch}.h5",
        catalog=ancient("<results>/plan/m_catalog_v0.parquet"),
    output:
        **{name: f"<results>/predictions/{name}/{{batch}}.parquet" for name in READ_WITH_CLASSIFIERS},
    log:
        "<logs>/predict/{batch}.log",
    benchmark:
        "<benchmarks>/predict/{batch}.tsv"
    resources:
        gpu=gpus("predict"),
    message:
        "CNN " + ", ".join(TOGETHER) + " on batch {wildcards.batch}"
    script:
        "../scripts/predict.py"


# trained on what rests on the others' predictions (dmgm), or asked for alone
use rule predict as predict_one with:
    input:
        models=trained("<models>/{task}/model.json"),
        weights=trained("<models>/{task}/weights.safetensors"),
        ood=[],
        store="<results>/spectra/{batch}.h5",
        catalog=ancient("<results>/plan/m_catalog_v0.parquet"),
    output:
        "<results>/predictions/{task}/{batch}.parquet",
    log:
        "<logs>/predict_one/{task}/{batch}.log",
    benchmark:
        "<benchmarks>/predict_one/{task}/{batch}.tsv"
    wildcard_constraints:
        task="|".join(sorted({"spt", "spt9", "wdm", "dmgm"} - set(TOGETHER))),
    message:
        "CNN {wildcards.task} on batch {wildcards.batch}"
