"""Config, names and paths, and by inclusion the functions that the rules files share.

Paths in rules begin with a name in angle brackets (see ``pathvars`` below): ``<results>`` is the survey's folder,
``<sim>`` that of its simulation.
"""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

from snakemake.exceptions import WorkflowError

# the library of this checkout, also where it is not installed; scripts and jobs inherit it
SOURCE = str(Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).resolve().parents[1] / "src")
if SOURCE not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
    sys.path.insert(0, SOURCE)
    os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [SOURCE, os.environ.get("PYTHONPATH")])))

from mstars.core.config.check import checked
from mstars.core.config.command_line import typed
from mstars.core.config.files import layers_of
from mstars.core.config.whole import filled, merged, section_tree
from mstars.core.errors import InputError
from mstars.core.resources import check_resources, resource
from mstars.engines.registry import engine_models
from mstars.ops import slurm
from mstars.ops.model_source import model_source



@contextmanager
def told_alone():
    """What is wrong with the input is told before the first job in its own lines, without Snakemake's stack."""
    try:
        yield
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


with told_alone():
    if said := slurm.unwritable(["."]):  # before Snakemake makes its own folder here
        raise InputError(said[0])


def whole_config():
    """The config with every key. The main process checks it; a job that it starts need not."""
    overlays, said = workflow.config_settings.configfiles, workflow.config_settings.config
    said = typed(said, section_tree(engine_models()))
    if not workflow.is_main_process:
        return filled(merged(dict(config), said), engine_models())
    base = [path for path in workflow.configfiles if path not in overlays]
    layers = layers_of(base[0] if base else None, overlays, said)  # first, for it refuses what can't be merged
    return checked(merged(dict(config), said), engine_models(), layers)


with told_alone():
    config.update(whole_config())
    check_resources()


def without_networks(section):
    """Settings of a stage less those of its trainings."""
    return {name: value for name, value in config[section].items() if name not in ("networks", "spt_members")}


SURVEY = config["survey"]["name"]
KIND = config["survey"]["kind"]
SEED = config["survey"]["seed"]
R = f"results/{SURVEY}"
SIM = f"results/{config['simulate']['spectra_of'] or SURVEY}/sim"
LIBRARY = config["templates"]["library"]
QUEUES = ["scm", "dgcm", "rv", "random"]
GROUP_TABLES = ["binaries", "fgk_binaries", "clusters", "cluster_metallicities"]  # keys of compare
# literature catalogues of the paper's figures; those that are not configured are drawn as 'no data', with the reason
PAPER_CATALOGS = ["laspm", "ding2022", "li2021", "qiu2023", "liang2022"]


def is_there(path):
    """Whether a local file or folder is named and there; else it may be fetched."""
    return bool(path) and os.path.exists(os.path.expanduser(path))


# What depends on the kind of survey, under the same names for each:
# SIMULATED           whether no star of it is in the sky
# KIND_RULES          further rules files
# BORROWED_PATH       models from elsewhere, a folder or a bundle; None: they are trained on this survey
# EXTERNAL            external catalogues and maps by name; None where there is none
# PLAN_INPUT          files whose change means a new plan
# WATCHED             output of the rule plan that tells what state of the files it has seen
# PLAN_SOURCE         where the spectra are, for the rule plan
# FETCHED_PLAN        those of PLAN_INPUT that come from an archive
# CLASS_TABLES        tables of classes that contradict training labels
# K_PREDICTION        what a predicted K star is where scm.k_prediction is auto
# WITH_FILENAME       whether the catalogues say which file a spectrum is from
# PLANTED_LITERATURE  literature catalogues that need no word in the config: description and table by name
# CALIBRATION_FILES   right labels of the review queues
# VALIDATION_FILES    what the rule validate makes
include: f"surveys/{KIND}.smk"
include: "acquire_inputs.smk"


with told_alone():
    BORROWED = model_source(BORROWED_PATH, "results/bundles") if BORROWED_PATH else None
MODELS = BORROWED.folder if BORROWED else f"{R}/models"
OPTIONAL_RULES = [
    *KIND_RULES,
    *(["bundle"] if BORROWED and BORROWED.bundle else []),
    *(["members"] if config["scm"]["spt_members"] > 1 else []),
]


wildcard_constraints:
    batch=r"[A-Za-z0-9_.+-]+",
    task=r"spt|spt9|wdm|dmgm",
    kind=r"dM|gM",
    queue="|".join([*QUEUES, "golden"]),
    spectrum=r"[A-Za-z0-9_.+-]+",


pathvars:
    results=R,
    sim=SIM,
    logs=f"{R}/logs",
    benchmarks=f"{R}/benchmarks",
    models=MODELS,


include: "inputs.smk"
include: "outputs.smk"
include: "requests.smk"
include: "hooks.smk"
