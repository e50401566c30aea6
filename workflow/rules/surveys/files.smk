# a folder of LAMOST's FITS files: nothing to train on, so the models are those that come with mstars unless others are named

import functools

from mstars.lamost.tree import files_digest
from mstars.ops.model_source import MODELS_IN_THE_BOX

SIMULATED = False
KIND_RULES = []
BORROWED_PATH = config["models"]["path"] or str(MODELS_IN_THE_BOX)
EXTERNAL = config["external"]
PLAN_INPUT = []
WATCHED = {}
FETCHED_PLAN = []
CLASS_TABLES = []
# with what the folder holds now, so that a new file is seen
PLAN_SOURCE = lambda wildcards: {"files": config["files"]["spectra"], "digest": state_of_files()}
K_PREDICTION = "candidate"
WITH_FILENAME = True
PLANTED_LITERATURE = {}
CALIBRATION_FILES = []
VALIDATION_FILES = []


@functools.cache
def state_of_files():
    """A text that changes when the files must be planned anew."""
    return files_digest(config["files"]["spectra"])


if workflow.is_main_process:  # before the plan asks for it, so that a missing folder is told here
    with told_alone():
        state_of_files()
