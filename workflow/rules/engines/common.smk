# engines: what is the same for every parameter engine, from its training set to its flags (docs/engines/README.md)
# {model} is the beginning of an engine's files (`tlma` for cnn, else its name), {engine} its name, {part} a fold or `all`


include: "names.smk"


wildcard_constraints:
    engine="|".join(ENGINE_INFOS),
    model="|".join(ENGINE_OF),


rule engine_training_set:
    input:
        unpack(lambda wildcards: ENGINE_TABLES.get(ENGINE_OF[wildcards.model], {})),
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        spectra="<results>/ingest/spectra.parquet",
        stars="<results>/crossmatch/gaia.parquet",
    output:
        table="<results>/training/{model}_{kind}.parquet",
        summary="<results>/training/{model}_{kind}.json",
    wildcard_constraints:
        model=stems("training_set"),
    log:
        "<logs>/engine_training_set/{model}_{kind}.log",
    benchmark:
        "<benchmarks>/engine_training_set/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
        rv_cut=config["quality"]["rv_cut"],
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
    message:
        "training set {wildcards.model}_{wildcards.kind}"
    script:
        "../../scripts/engine_training_set.py"


rule engine_inputs:
    input:
        table="<results>/training/{model}_{kind}.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        temp(directory("<results>/training/{model}_{kind}.inputs")),
    wildcard_constraints:
        model=stems("inputs"),
    log:
        "<logs>/engine_inputs/{model}_{kind}.log",
    benchmark:
        "<benchmarks>/engine_inputs/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
    resources:
        runtime=60,
    message:
        "spectra of the training set {wildcards.model}_{wildcards.kind}"
    script:
        "../../scripts/engine_inputs.py"


# an engine that trains on a GPU inherits this rule under a name of its own, which a cluster profile can send to a partition
rule engine_train:
    input:
        table="<results>/training/{model}_{kind}.parquet",
        summary="<results>/training/{model}_{kind}.json",
        spectra="<results>/training/{model}_{kind}.inputs",
    output:
        model="<results>/models/{model}_{kind}/{part}/model.json",
        weights="<results>/models/{model}_{kind}/{part}/weights.safetensors",
        history="<results>/models/{model}_{kind}/{part}/history.csv",
    wildcard_constraints:
        model=stems("train"),
        part=r"fold\d+|all",
    log:
        "<logs>/engine_train/{model}_{kind}_{part}.log",
    benchmark:
        "<benchmarks>/engine_train/{model}_{kind}_{part}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
        seed=SEED,
        survey=SURVEY,
        trained_on=KIND,
    resources:
        mem_mb=memory(4000),
        runtime=240,
    message:
        "train {wildcards.model}_{wildcards.kind}, {wildcards.part}"
    script:
        "../../scripts/engine_train.py"


rule engine_out_of_fold:
    input:
        table="<results>/training/{model}_{kind}.parquet",
        spectra="<results>/training/{model}_{kind}.inputs",
        models=part_files("model.json"),
        weights=part_files("weights.safetensors"),
    output:
        "<results>/models/{model}_{kind}/out_of_fold.parquet",
    wildcard_constraints:
        model=stems("out_of_fold"),
    log:
        "<logs>/engine_out_of_fold/{model}_{kind}.log",
    benchmark:
        "<benchmarks>/engine_out_of_fold/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "predictions of {wildcards.model}_{wildcards.kind} for its labelled stars, by models that have not seen them"
    script:
        "../../scripts/engine_out_of_fold.py"


rule engine_calibrate:
    input:
        unpack(label_errors_by_cnn),
        training="<results>/models/{model}_{kind}/out_of_fold.parquet",
        predictions=spread_of_new_stars,
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
    output:
        "<results>/models/{model}_{kind}/calibration.json",
    log:
        "<logs>/engine_calibrate/{model}_{kind}.log",
    benchmark:
        "<benchmarks>/engine_calibrate/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        label_errors=of_engine(lambda name: ENGINE_SETTINGS[name]["label_errors"]),
    resources:
        mem_mb=memory(4000),
    message:
        "calibrated errors of {wildcards.model}_{wildcards.kind}"
    script:
        "../../scripts/engine_calibrate.py"


rule engine_predict:
    input:
        models=predicting_files("model.json"),
        weights=predicting_files("weights.safetensors"),
        store="<results>/spectra/{batch}.h5",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
    output:
        "<results>/predictions/{model}/{batch}.parquet",
    wildcard_constraints:
        model=stems("predict"),
    log:
        "<logs>/engine_predict/{model}/{batch}.log",
    benchmark:
        "<benchmarks>/engine_predict/{model}/{batch}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
        kind=KIND,
    resources:
        mem_mb=memory(3000),
        runtime=60,
    message:
        "engine {wildcards.model} on batch {wildcards.batch}"
    script:
        "../../scripts/engine_predict.py"


rule engine_table:
    input:
        predictions=lambda wildcards: expand(
            "<results>/predictions/{model}/{batch}.parquet", model=ENGINE_INFOS[wildcards.engine].stem, batch=batches()
        ),
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        calibration=class_files("calibration.json"),
        training=class_files("out_of_fold.parquet"),
        ood=per_batch("<results>/predictions/ood/{batch}.parquet") if config["scm"]["ood"]["use"] != "off" else [],
    output:
        "<results>/parameters/{engine}.parquet",
    log:
        "<logs>/engine_table/{engine}.log",
    benchmark:
        "<benchmarks>/engine_table/{engine}.tsv"
    params:
        out_of_fold=of_engine(lambda name: ENGINE_SETTINGS[name]["training_stars"] == "out_of_fold"),
        unlike_min=config["scm"]["ood"]["threshold"],
    resources:
        mem_mb=memory(4000),
    message:
        "parameters of the engine {wildcards.engine}"
    script:
        "../../scripts/engine_table.py"


rule engine_quality:
    input:
        parameters="<results>/parameters/{engine}.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        spectra="<results>/ingest/spectra.parquet",
    output:
        table="<results>/quality/{engine}.parquet",
        summary="<results>/quality/{engine}.json",
    log:
        "<logs>/engine_quality/{engine}.log",
    benchmark:
        "<benchmarks>/engine_quality/{engine}.tsv"
    params:
        settings=config["quality"],
    resources:
        mem_mb=memory(4000),
    message:
        "parameter_flag of the engine {wildcards.engine}"
    script:
        "../../scripts/engine_quality.py"


rule engine_card:
    input:
        truth="<sim>/truth.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        flags="<results>/quality/{engine}.parquet",
        parameters="<results>/parameters/{engine}.parquet",
    output:
        "<results>/validation/{engine}.json",
    log:
        "<logs>/engine_card/{engine}.log",
    benchmark:
        "<benchmarks>/engine_card/{engine}.tsv"
    message:
        "the engine {wildcards.engine} against the truth"
    script:
        "../../scripts/engine_card.py"


for name in ENGINE_INFOS:
    if (Path(workflow.basedir) / "workflow" / "rules" / "engines" / f"{name}.smk").is_file():

        include: f"{name}.smk"


# what `snakemake engines` makes
ENGINE_FILES = expand("<results>/{folder}/{engine}.parquet", folder=["parameters", "quality"], engine=ENGINES)
if SIMULATED:
    ENGINE_FILES += expand("<results>/validation/{engine}.json", engine=ENGINES)


rule engines:
    input:
        ENGINE_FILES,
