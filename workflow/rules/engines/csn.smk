# csn: Cycle-StarNet (Zhang et al. 2025): emulator of theory, synthetic and observed training sets, networks (docs/engines/csn.md)

CSN = ENGINE_SETTINGS["csn"]
CSN_VARIANTS = "all|shifted|shuffled"  # the engine's own networks, and those of two experiments


rule csn_emulator:
    input:
        theory=CSN["theory"] or (f"{R}/sim/theory.h5" if SIMULATED else []),
    output:
        model="<results>/models/csn_{kind}/emulator/model.json",
        weights="<results>/models/csn_{kind}/emulator/weights.safetensors",
        history="<results>/models/csn_{kind}/emulator/history.csv",
        nodes="<results>/models/csn_{kind}/emulator/nodes.parquet",
    log:
        "<logs>/csn_emulator/{kind}.log",
    benchmark:
        "<benchmarks>/csn_emulator/{kind}.tsv"
    params:
        settings=CSN,
        seed=SEED,
        trained_on=KIND,
    resources:
        mem_mb=memory(4000),
        runtime=120,
    message:
        "emulator of theoretical spectra, {wildcards.kind}"
    script:
        "../../scripts/csn_emulator.py"


rule csn_isochrones:
    input:
        isochrone_files if config["figures"]["isochrones"] not in ("packaged", None) else [],
    output:
        "<results>/isochrones/csn.parquet",
    log:
        "<logs>/csn_isochrones/csn.log",
    benchmark:
        "<benchmarks>/csn_isochrones/csn.tsv"
    params:
        own=config["templates"]["packages"],
        log_age=CSN["population"]["log_age"],
    message:
        "isochrones of the synthetic set"
    script:
        "../../scripts/csn_isochrones.py"


rule csn_population:
    input:
        isochrones="<results>/isochrones/csn.parquet",
        emulator="<results>/models/csn_{kind}/emulator/model.json",
        weights="<results>/models/csn_{kind}/emulator/weights.safetensors",
        reference=lambda wildcards: (
            "<results>/training/csn_{kind}.parquet"
            if CSN["population"]["reference"] == "apogee"
            else expand("<results>/compare/catalogs/{catalog}.parquet", catalog=LITERATURE)
        ),
        summary="<results>/training/csn_{kind}_observed.json",
    output:
        "<results>/models/csn_{kind}/{part}/population.parquet",
    wildcard_constraints:
        part=CSN_VARIANTS,
    log:
        "<logs>/csn_population/{kind}_{part}.log",
    benchmark:
        "<benchmarks>/csn_population/{kind}_{part}.tsv"
    params:
        settings=CSN,
        seed=SEED,
    resources:
        mem_mb=memory(4000),
    message:
        "labels of the synthetic spectra, {wildcards.kind} {wildcards.part}"
    script:
        "../../scripts/csn_population.py"


rule csn_observed_set:
    input:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        spectra="<results>/ingest/spectra.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        table="<results>/training/csn_{kind}_observed.parquet",
        summary="<results>/training/csn_{kind}_observed.json",
    log:
        "<logs>/csn_observed_set/{kind}.log",
    benchmark:
        "<benchmarks>/csn_observed_set/{kind}.tsv"
    params:
        settings=CSN["sample"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
    message:
        "observed training set csn_{wildcards.kind}"
    script:
        "../../scripts/csn_observed_set.py"


use rule engine_inputs as csn_observed_inputs with:
    input:
        table="<results>/training/{model}_{kind}_observed.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        temp(directory("<results>/training/{model}_{kind}_observed.inputs")),
    wildcard_constraints:
        model="csn",
    log:
        "<logs>/csn_observed_inputs/{model}_{kind}.log",
    benchmark:
        "<benchmarks>/csn_observed_inputs/{model}_{kind}.tsv"
    message:
        "spectra of the observed training set {wildcards.model}_{wildcards.kind}"


use rule engine_train as csn_train with:
    input:
        table="<results>/training/{model}_{kind}_observed.parquet",
        summary="<results>/training/{model}_{kind}_observed.json",
        spectra="<results>/training/{model}_{kind}_observed.inputs",
        emulator="<results>/models/{model}_{kind}/emulator/model.json",
        emulator_weights="<results>/models/{model}_{kind}/emulator/weights.safetensors",
        population="<results>/models/{model}_{kind}/{part}/population.parquet",
    wildcard_constraints:
        model="csn",
        part=CSN_VARIANTS,
    log:
        "<logs>/csn_train/{model}_{kind}_{part}.log",
    benchmark:
        "<benchmarks>/csn_train/{model}_{kind}_{part}.tsv"
    resources:
        mem_mb=memory(4000),
        runtime=1440,
        gpu=gpus("train"),
    message:
        "train Cycle-StarNet {wildcards.kind}, {wildcards.part}"
