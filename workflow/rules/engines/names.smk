# engines: which there are, and the input functions of their rules

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


with told_alone():
    ENGINE_PARTS = {name: info.part_names(folds_of(name)) for name, info in ENGINE_INFOS.items()}
FOLDS = folds_of("cnn")


def stems(step):
    """Constraint of {model}: the engines that take this step by the generic rule."""
    return "|".join(info.stem for info in ENGINE_INFOS.values() if step not in info.own_rules) or "(?!)"


def of_engine(value):
    """Params function: ``value(name)`` for the engine of the files."""
    return lambda wildcards: value(ENGINE_OF[wildcards.model] if hasattr(wildcards, "model") else wildcards.engine)


def part_files(*files, kind="{kind}", parts=lambda name: ENGINE_PARTS[name], folder=f"{R}/models"):
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


def spread_of_new_stars(wildcards):
    """Predictions of all batches where the errors are the spread of an ensemble, which new stars widen; else none."""
    if not ENGINE_INFOS[ENGINE_OF[wildcards.model]].is_ensemble:
        return []
    return expand("<results>/predictions/{model}/{batch}.parquet", model=wildcards.model, batch=batches())


def label_errors_by_cnn(wildcards):
    """CNN-TLMA's labelled stars and calibration where it is enabled: labels of others are off by no more than it found."""
    engine = ENGINE_OF[wildcards.model]
    if "cnn" not in ENGINES or engine == "cnn" or ENGINE_INFOS[engine].of_engines:
        return {}
    folder = f"{R}/models/{ENGINE_INFOS['cnn'].stem}_{wildcards.kind}"
    return {"cnn": f"{folder}/calibration.json", "cnn_training": f"{folder}/out_of_fold.parquet"}
