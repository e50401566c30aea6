# cnn: what CNN-TLMA (section 3.4.4) has of its own: rules with GPUs, validation tables, simpler models beside it


use rule engine_train as train_fold with:
    output:
        model="<results>/models/{model}_{kind}/{part}/model.json",
        weights="<results>/models/{model}_{kind}/{part}/weights.safetensors",
        history="<results>/models/{model}_{kind}/{part}/history.csv",
        validation="<results>/models/{model}_{kind}/{part}/validation.parquet",
    wildcard_constraints:
        model="tlma",
        part=r"fold\d+",
    log:
        "<logs>/train_fold/{model}_{kind}_{part}.log",
    benchmark:
        "<benchmarks>/train_fold/{model}_{kind}_{part}.tsv"
    resources:
        mem_mb=memory(4000),
        runtime=240,
        gpu=gpus("train"),
    message:
        "train CNN-TLMA {wildcards.kind}, {wildcards.part}"


use rule engine_predict as predict_tlma with:
    wildcard_constraints:
        model="tlma",
    log:
        "<logs>/predict_tlma/{model}/{batch}.log",
    benchmark:
        "<benchmarks>/predict_tlma/{model}/{batch}.tsv"
    resources:
        mem_mb=memory(3000),
        runtime=60,
        gpu=gpus("predict"),
    message:
        "CNN-TLMA on batch {wildcards.batch}"


rule baselines:
    input:
        **{f"table_{kind}": f"<results>/training/tlma_{kind}.parquet" for kind in ("dM", "gM")},
        **{f"spectra_{kind}": f"<results>/training/tlma_{kind}.inputs" for kind in ("dM", "gM")},
        **{f"out_of_fold_{kind}": f"<results>/models/tlma_{kind}/out_of_fold.parquet" for kind in ("dM", "gM")},
    output:
        "<results>/tables/baselines.csv",
    log:
        "<logs>/baselines.log",
    benchmark:
        "<benchmarks>/baselines.tsv"
    resources:
        mem_mb=memory(6000),
        runtime=120,
    message:
        "simpler models beside CNN-TLMA"
    script:
        "../../scripts/baselines.py"
