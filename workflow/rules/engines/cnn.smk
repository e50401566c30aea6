# cnn: what CNN-TLMA (section 3.4.4) has of its own: rules with GPUs, validation tables, simpler models beside it


use rule engine_train as train_fold with:
    output:
        model=R + "/models/{model}_{kind}/{part}/model.json",
        weights=R + "/models/{model}_{kind}/{part}/weights.safetensors",
        history=R + "/models/{model}_{kind}/{part}/history.csv",
        validation=R + "/models/{model}_{kind}/{part}/validation.parquet",
    wildcard_constraints:
        model="tlma",
        part=r"fold\d+",
    log:
        R + "/logs/train_fold/{model}_{kind}_{part}.log",
    benchmark:
        R + "/benchmarks/train_fold/{model}_{kind}_{part}.tsv"
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
        R + "/logs/predict_tlma/{model}/{batch}.log",
    benchmark:
        R + "/benchmarks/predict_tlma/{model}/{batch}.tsv"
    resources:
        mem_mb=memory(3000),
        runtime=60,
        gpu=gpus("predict"),
    message:
        "CNN-TLMA on batch {wildcards.batch}"


rule baselines:
    input:
        **{f"table_{kind}": R + f"/training/tlma_{kind}.parquet" for kind in ("dM", "gM")},
        **{f"spectra_{kind}": R + f"/training/tlma_{kind}.inputs" for kind in ("dM", "gM")},
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
        "../../scripts/baselines.py"
