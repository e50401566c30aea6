"""Config, paths and the helpers that every rules file uses."""

import functools
import json
from pathlib import Path

from snakemake.exceptions import WorkflowError

from mstars.core.config.check import checked
from mstars.core.config.command_line import typed
from mstars.core.config.files import layers_of
from mstars.core.config.whole import filled, merged, section_tree
from mstars.core.errors import InputError
from mstars.core.resources import check_resources
from mstars.engines.registry import engine_models
from mstars.ops import slurm
from mstars.ops.model_source import model_source

if said := slurm.unwritable(["."]):  # before Snakemake makes its own folder here
    raise WorkflowError(said[0])


def whole_config():
    """The config with every key. The main process checks it; a job that it starts need not."""
    overlays, said = workflow.config_settings.configfiles, workflow.config_settings.config
    said = typed(said, section_tree(engine_models()))
    config.update(merged(dict(config), said))
    if not workflow.is_main_process:
        return filled(config, engine_models())
    base = [path for path in workflow.configfiles if path not in overlays]
    return checked(config, engine_models(), layers_of(base[0] if base else None, overlays, said))


config.update(whole_config())
check_resources()


def without_networks(section):
    """Settings of a stage less those of its trainings."""
    return {name: value for name, value in config[section].items() if name != "networks"}


SURVEY = config["survey"]["name"]
KIND = config["survey"]["kind"]
SEED = config["survey"]["seed"]
R = f"results/{SURVEY}"
LIBRARY = config["templates"]["library"]
QUEUES = ["scm", "dgcm", "rv", "random"]
# literature catalogues of the paper's figures; those that are not configured are drawn as 'no data', with the reason
PAPER_CATALOGS = ["laspm", "ding2022", "li2021", "qiu2023", "liang2022"]


# What depends on the kind of survey, under the same names for each:
# SIMULATED           whether no star of it is in the sky
# KIND_RULES          further rules files
# BORROWED_PATH       models from elsewhere, a folder or a bundle; None: they are trained on this survey
# EXTERNAL            external catalogues and maps by name; None where there is none
# PLAN_INPUT          files whose change means a new plan
# WATCHED             output of the rule plan that tells what state of the files it has seen
# PLAN_SOURCE         where the spectra are, for the rule plan
# K_PREDICTION        what a predicted K star is where scm.k_prediction is auto
# WITH_FILENAME       whether the catalogues say which file a spectrum is from
# PLANTED_LITERATURE  literature catalogues beside those of the config: description and table by name
# CALIBRATION_FILES   right labels of the review queues
# VALIDATION_FILES    what the rule validate makes
include: f"surveys/{KIND}.smk"


BORROWED = model_source(BORROWED_PATH, "results/bundles") if BORROWED_PATH else None
MODELS = BORROWED.folder if BORROWED else f"{R}/models"
OPTIONAL_RULES = [*KIND_RULES, *(["bundle"] if BORROWED and BORROWED.bundle else [])]


wildcard_constraints:
    batch=r"[A-Za-z0-9_.+-]+",
    task=r"spt|spt9|wdm|dmgm",
    kind=r"dM|gM",
    queue="|".join(QUEUES),
    spectrum=r"[A-Za-z0-9_.+-]+",


def batches():
    """Names of the batches, known once the checkpoint has written the plan."""
    facts = Path(checkpoints.plan.get().output.batches)
    return batch_names(facts, facts.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def batch_names(facts, changed):
    return sorted(json.loads(facts.read_text()))


def per_batch(pattern):
    """Input function: ``pattern`` for every batch of the plan."""
    return lambda wildcards: expand(pattern, batch=batches(), allow_missing=True)


def gpus(stage):
    """GPUs a job of this stage asks for: ``resources.gpu`` of the config (0: none is requested)."""
    return config["resources"]["gpu"][stage]


def external(name):
    """Path of an external catalogue or map; no input where there is none."""
    return EXTERNAL[name] or []


def memory(base, per_input=0.0):
    """Memory of a job in MB: ``base``, ``per_input`` times the size of its input files, and half more each new attempt."""

    def mem_mb(wildcards, input, attempt):
        size = per_input * input.size_mb if per_input else 0
        return int((base + size) * 1.5 ** (attempt - 1))

    return mem_mb


def minutes(base, per_input=0.0):
    """Time limit of a job in minutes: ``base``, ``per_input`` a MB of its input files, and twice as much each new attempt."""
    return lambda wildcards, input, attempt: int((base + per_input * input.size_mb) * 2 ** (attempt - 1) + 0.5)


def check_place():
    """Before the first job: can the results be written, and has the cluster what the profile asks for?"""
    found = slurm.unwritable([R] if BORROWED else [R, MODELS])
    if workflow.executor_plugin.name == "slurm":

        def asked(resource):
            found = {rule.name: rule.resources.get(resource) for rule in workflow.rules}
            return {name: str(of.raw) for name, of in found.items() if of is not None and of.raw is not None}

        accounts, models = (set(asked(one).values()) for one in ("slurm_account", "gpu_model"))
        gpus = {rule: int(n) for rule, n in asked("gpu").items() if n.isdigit()}
        if BORROWED:  # nothing is trained: leaves out train, train_fold, csn_train, …
            gpus = {rule: n for rule, n in gpus.items() if not (rule.startswith("train") or rule.endswith("_train"))}
        options = {"account": next(iter(accounts), None), "gpu_model": next(iter(models), None)}
        found += slurm.complaints(slurm.ask_site(), asked("slurm_partition"), gpus, **options)
    if found:
        raise WorkflowError("\n".join(found))


onstart:
    check_place()


onsuccess:
    from mstars.ops.run_summary import write_summary

    print(write_summary(R))
    for path in map(Path, VALIDATION_FILES):
        if path.is_file():
            print(path.with_suffix(".md").read_text(), end="")


onerror:
    print(f"what is done so far: mstars progress {R}; which files are whole: mstars verify {R}")


def trained(pattern):
    """Input function for files of trained models: says what to do where borrowed ones are not there."""

    def files(wildcards):
        if BORROWED:
            BORROWED.check()
        patterns = [pattern] if isinstance(pattern, str) else pattern
        return [path.format(**wildcards) for path in patterns]

    return files


if config["models"]["path"]:
    BORROWED.check()
