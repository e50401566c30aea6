# engines: what is the same for every parameter engine, from its training set to its flags (docs/engines/README.md)
# {model} is the beginning of an engine's files (`tlma` for cnn, else its name), {engine} its name, {part} a fold or `all`

from mstars.engines.registry import enabled_engines, engine_info, engine_names, engine_settings

ENGINES = enabled_engines(config)  # the one that fills the catalogue is the first
ENGINE = ENGINES[0]
ENGINE_INFOS = {name: engine_info(name) for name in engine_names()}
ENGINE_OF = {info.stem: name for name, info in ENGINE_INFOS.items()}
ENGINE_SETTINGS = {name: engine_settings(config, name) for name in ENGINE_INFOS}
ENGINE_TABLES = {}  # tables that an engine's training set needs beside the common ones, by engine: {name: path}


def folds_of(name):
    """Numbers of an engine's folds: as many as the settings say, or as the models from elsewhere have."""
    info = ENGINE_INFOS[name]
    if not (BORROWED and BORROWED.files) or "folds" not in info.parts:
        return list(range(ENGINE_SETTINGS[name]["folds"]))
    folder = f"{info.stem}_{info.kinds[0]}"
    found = BORROWED.folds(folder)
    if not found and name in ENGINES:
        raise InputError(f"models.path: {MODELS}/{folder} has no fold*/model.json; train the parameter models first")
    return found


ENGINE_PARTS = {name: info.part_names(folds_of(name)) for name, info in ENGINE_INFOS.items()}
FOLDS = folds_of("cnn")


def stems(step):
    """Constraint of {model}: the engines that take this step by the generic rule."""
    return "|".join(info.stem for info in ENGINE_INFOS.values() if step not in info.own_rules) or "(?!)"


def of_engine(value):
    """Params function: ``value(name)`` for the engine of the files."""
    return lambda wildcards: value(ENGINE_OF[wildcards.model] if hasattr(wildcards, "model") else wildcards.engine)


def part_files(*files, kind="{kind}", parts=lambda name: ENGINE_PARTS[name], folder=R + "/models"):
    """Input function: these files of the model folders of each part of the engine."""

    def paths(wildcards):
        info = ENGINE_INFOS[ENGINE_OF[wildcards.model]]
        kinds = info.kinds if kind is None else [wildcards.kind]
        return expand(f"{folder}/{info.stem}_{{kind}}/{{part}}/{{file}}", kind=kinds, part=parts(info.name), file=files)

    return lambda wildcards: trained(paths(wildcards))(wildcards) if folder == MODELS else paths(wildcards)


def predicting_files(*files):
    """Input function: these files of the models that predict, of all the engine's classes."""
    return part_files(*files, kind=None, parts=lambda name: ENGINE_INFOS[name].predicting(ENGINE_PARTS[name]), folder=MODELS)


def class_files(file):
    """Input function: this file of the models of each class of {engine}."""

    def paths(wildcards):
        info = ENGINE_INFOS[wildcards.engine]
        return trained([f"{MODELS}/{info.stem}_{kind}/{file}" for kind in info.kinds])(wildcards)

    return paths


wildcard_constraints:
    engine="|".join(ENGINE_INFOS),
    model="|".join(ENGINE_OF),


rule engine_training_set:
    input:
        unpack(lambda wildcards: ENGINE_TABLES.get(ENGINE_OF[wildcards.model], {})),
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
        spectra=R + "/ingest/spectra.parquet",
        stars=R + "/crossmatch/gaia.parquet",
    output:
        table=R + "/training/{model}_{kind}.parquet",
        summary=R + "/training/{model}_{kind}.json",
    wildcard_constraints:
        model=stems("training_set"),
    log:
        R + "/logs/engine_training_set/{model}_{kind}.log",
    benchmark:
        R + "/benchmarks/engine_training_set/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
        rv_cut=config["quality"]["rv_cut"],
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        seed=SEED,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "training set {wildcards.model}_{wildcards.kind}"
    script:
        "../../scripts/engine_training_set.py"


rule engine_inputs:
    input:
        table=R + "/training/{model}_{kind}.parquet",
        stores=per_batch(R + "/spectra/{batch}.h5"),
    output:
        temp(directory(R + "/training/{model}_{kind}.inputs")),
    wildcard_constraints:
        model=stems("inputs"),
    log:
        R + "/logs/engine_inputs/{model}_{kind}.log",
    benchmark:
        R + "/benchmarks/engine_inputs/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    message:
        "spectra of the training set {wildcards.model}_{wildcards.kind}"
    script:
        "../../scripts/engine_inputs.py"


# an engine that trains on a GPU inherits this rule under a name of its own, which a cluster profile can send to a partition
rule engine_train:
    input:
        table=R + "/training/{model}_{kind}.parquet",
        summary=R + "/training/{model}_{kind}.json",
        spectra=R + "/training/{model}_{kind}.inputs",
    output:
        model=R + "/models/{model}_{kind}/{part}/model.json",
        weights=R + "/models/{model}_{kind}/{part}/weights.safetensors",
        history=R + "/models/{model}_{kind}/{part}/history.csv",
    wildcard_constraints:
        model=stems("train"),
        part=r"fold\d+|all",
    log:
        R + "/logs/engine_train/{model}_{kind}_{part}.log",
    benchmark:
        R + "/benchmarks/engine_train/{model}_{kind}_{part}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
        seed=SEED,
        survey=SURVEY,
        trained_on=KIND,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=240,
    message:
        "train {wildcards.model}_{wildcards.kind}, {wildcards.part}"
    script:
        "../../scripts/engine_train.py"


rule engine_out_of_fold:
    input:
        table=R + "/training/{model}_{kind}.parquet",
        spectra=R + "/training/{model}_{kind}.inputs",
        models=part_files("model.json"),
        weights=part_files("weights.safetensors"),
    output:
        R + "/models/{model}_{kind}/out_of_fold.parquet",
    wildcard_constraints:
        model=stems("out_of_fold"),
    log:
        R + "/logs/engine_out_of_fold/{model}_{kind}.log",
    benchmark:
        R + "/benchmarks/engine_out_of_fold/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "predictions of {wildcards.model}_{wildcards.kind} for its labelled stars, by models that have not seen them"
    script:
        "../../scripts/engine_out_of_fold.py"


def spread_of_new_stars(wildcards):
    """Predictions of all batches where the errors are the spread of an ensemble, which new stars widen; else none."""
    if not ENGINE_INFOS[ENGINE_OF[wildcards.model]].is_ensemble:
        return []
    return expand(R + "/predictions/{model}/{batch}.parquet", model=wildcards.model, batch=batches())


rule engine_calibrate:
    input:
        training=R + "/models/{model}_{kind}/out_of_fold.parquet",
        predictions=spread_of_new_stars,
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
    output:
        R + "/models/{model}_{kind}/calibration.json",
    log:
        R + "/logs/engine_calibrate/{model}_{kind}.log",
    benchmark:
        R + "/benchmarks/engine_calibrate/{model}_{kind}.tsv"
    params:
        engine=of_engine(str),
        label_errors=of_engine(lambda name: ENGINE_SETTINGS[name]["label_errors"]),
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    message:
        "calibrated errors of {wildcards.model}_{wildcards.kind}"
    script:
        "../../scripts/engine_calibrate.py"


rule engine_predict:
    input:
        models=predicting_files("model.json"),
        weights=predicting_files("weights.safetensors"),
        store=R + "/spectra/{batch}.h5",
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
    output:
        R + "/predictions/{model}/{batch}.parquet",
    wildcard_constraints:
        model=stems("predict"),
    log:
        R + "/logs/engine_predict/{model}/{batch}.log",
    benchmark:
        R + "/benchmarks/engine_predict/{model}/{batch}.tsv"
    params:
        engine=of_engine(str),
        settings=of_engine(lambda name: ENGINE_SETTINGS[name]),
        kind=KIND,
    threads: 1
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
            R + "/predictions/{model}/{batch}.parquet", model=ENGINE_INFOS[wildcards.engine].stem, batch=batches()
        ),
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        calibration=class_files("calibration.json"),
        training=class_files("out_of_fold.parquet"),
        ood=per_batch(R + "/predictions/ood/{batch}.parquet") if config["scm"]["ood"]["use"] != "off" else [],
    output:
        R + "/parameters/{engine}.parquet",
    log:
        R + "/logs/engine_table/{engine}.log",
    benchmark:
        R + "/benchmarks/engine_table/{engine}.tsv"
    params:
        out_of_fold=of_engine(lambda name: ENGINE_SETTINGS[name]["training_stars"] == "out_of_fold"),
        unlike_min=config["scm"]["ood"]["threshold"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "parameters of the engine {wildcards.engine}"
    script:
        "../../scripts/engine_table.py"


rule engine_quality:
    input:
        parameters=R + "/parameters/{engine}.parquet",
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
    output:
        table=R + "/quality/{engine}.parquet",
        summary=R + "/quality/{engine}.json",
    log:
        R + "/logs/engine_quality/{engine}.log",
    benchmark:
        R + "/benchmarks/engine_quality/{engine}.tsv"
    params:
        settings=config["quality"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "parameter_flag of the engine {wildcards.engine}"
    script:
        "../../scripts/engine_quality.py"


for name in ENGINE_INFOS:
    if (Path(workflow.basedir) / "workflow" / "rules" / "engines" / f"{name}.smk").is_file():

        include: f"{name}.smk"


# what `snakemake engines` makes
ENGINE_FILES = expand(R + "/{folder}/{engine}.parquet", folder=["parameters", "quality"], engine=ENGINES)


rule engines:
    input:
        ENGINE_FILES,
