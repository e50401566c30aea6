# slam: SLAM (Li et al. 2021) searches the hyper-parameters once for all parts, and trains a second model on a theory grid

SLAM_THEORY = ENGINE_SETTINGS["slam"]["theory"]
if SLAM_THEORY == "planted":
    SLAM_THEORY = f"{R}/sim/theory.h5" if SIMULATED else None


rule slam_search:
    input:
        table="<results>/training/slam_{kind}.parquet",
        summary="<results>/training/slam_{kind}.json",
        spectra="<results>/training/slam_{kind}.inputs",
    output:
        search="<results>/models/slam_{kind}/search/search.json",
        arrays="<results>/models/slam_{kind}/search/search.safetensors",
        triples="<results>/models/slam_{kind}/search/triples.csv",
        stars="<results>/models/slam_{kind}/search/cv.parquet",
    log:
        "<logs>/slam_search/{kind}.log",
    benchmark:
        "<benchmarks>/slam_search/{kind}.tsv"
    params:
        settings=ENGINE_SETTINGS["slam"],
    resources:
        mem_mb=memory(4000),
        runtime=240,
    message:
        "SLAM: hyper-parameters of each pixel, cross-validation"
    script:
        "../../scripts/slam_search.py"


use rule engine_train as slam_train with:
    input:
        table="<results>/training/{model}_{kind}.parquet",
        summary="<results>/training/{model}_{kind}.json",
        spectra="<results>/training/{model}_{kind}.inputs",
        search="<results>/models/{model}_{kind}/search/search.json",
        arrays="<results>/models/{model}_{kind}/search/search.safetensors",
        theory=lambda wildcards: SLAM_THEORY if SLAM_THEORY and wildcards.part == "all" else [],
    wildcard_constraints:
        model="slam",
        part=r"fold\d+|all",
    log:
        "<logs>/slam_train/{model}_{kind}_{part}.log",
    benchmark:
        "<benchmarks>/slam_train/{model}_{kind}_{part}.tsv"
    params:
        engine="slam",
        settings={**ENGINE_SETTINGS["slam"], "theory": SLAM_THEORY},
        seed=SEED,
        survey=SURVEY,
        trained_on=KIND,
    message:
        "train SLAM {wildcards.kind}, {wildcards.part}"
