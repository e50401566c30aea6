"""Config, paths and the helpers that every rules file uses."""

import hashlib
from pathlib import Path

from mstars.configuration import check_config
from mstars.resources import ROOT as RESOURCES

check_config(config)

SURVEY = config["survey"]["name"]
KIND = config["survey"]["kind"]
SEED = config["survey"]["seed"]
R = f"results/{SURVEY}"
LIBRARY = config["templates"]["library"]
MODELS = config["models"]["path"] or f"{R}/models"


wildcard_constraints:
    batch=r"[A-Za-z0-9_.+-]+",
    task=r"spt|spt9|wdm|dmgm",
    kind=r"dM|gM",
    fold=r"\d+",
    queue=r"scm|dgcm|rv",


def digest(*rooms):
    """Hash of the library rooms that a rule uses, so that an edit to one remakes what rests on it."""
    source = Path(workflow.basedir) / "src" / "mstars"
    hashed = hashlib.sha256()
    for room in sorted(rooms):
        path = source / room
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
        for file in files:
            hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]


def batches():
    """Names of the batches, known once the checkpoint has written the plan."""
    import pandas

    plan = checkpoints.plan.get().output.plan
    return sorted(pandas.read_parquet(plan, columns=["batch"])["batch"].unique())


def per_batch(pattern):
    """Input function: ``pattern`` for every batch of the plan."""
    return lambda wildcards: expand(pattern, batch=batches(), allow_missing=True)


def gpus(stage):
    """GPUs a job of this stage asks for: ``resources.gpu`` of the config (0: none is requested)."""
    return config["resources"]["gpu"][stage]
