# combined: the other engines as one estimate, fitted to labelled stars and made of the engines' tables


include: "combined_inputs.smk"


rule combined_fit:
    input:
        parameters=lambda wildcards: expand("<results>/parameters/{engine}.parquet", engine=combined_of(wildcards.kind)),
        calibrations=lambda wildcards: trained(
            [f"{MODELS}/{ENGINE_INFOS[name].stem}_{wildcards.kind}/calibration.json" for name in combined_of(wildcards.kind)]
        )(wildcards),
        training="<results>/training/combined_{kind}.parquet",
        summary="<results>/training/combined_{kind}.json",
        spectra="<results>/ingest/spectra.parquet",
    output:
        model="<results>/models/combined_{kind}/all/model.json",
        weights="<results>/models/combined_{kind}/all/weights.safetensors",
        history="<results>/models/combined_{kind}/all/history.csv",
        held_out="<results>/models/combined_{kind}/out_of_fold.parquet",
    log:
        "<logs>/combined_fit/{kind}.log",
    benchmark:
        "<benchmarks>/combined_fit/{kind}.tsv"
    params:
        engines=lambda wildcards: combined_of(wildcards.kind),
        settings=ENGINE_SETTINGS["combined"],
        survey=SURVEY,
        trained_on=KIND,
    resources:
        mem_mb=memory(4000),
    message:
        "scales and covariances of the engines, {wildcards.kind}"
    script:
        "../../scripts/combined_fit.py"


rule combined_predict:
    input:
        models=trained([f"{MODELS}/combined_{kind}/all/model.json" for kind in ENGINE_INFOS["combined"].kinds]),
        weights=trained([f"{MODELS}/combined_{kind}/all/weights.safetensors" for kind in ENGINE_INFOS["combined"].kinds]),
        predictions=[f"<results>/predictions/{ENGINE_INFOS[name].stem}/{{batch}}.parquet" for name in COMBINED_OF],
        held_out=trained(HELD_OUT),
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        spectra="<results>/ingest/spectra.parquet",
    output:
        "<results>/predictions/combined/{batch}.parquet",
    log:
        "<logs>/combined_predict/{batch}.log",
    benchmark:
        "<benchmarks>/combined_predict/{batch}.tsv"
    params:
        engines=COMBINED_OF,
        settings=ENGINE_SETTINGS["combined"],
        kind=KIND,
    resources:
        mem_mb=memory(3000),
    message:
        "the combined estimate of batch {wildcards.batch}"
    script:
        "../../scripts/combined_predict.py"
