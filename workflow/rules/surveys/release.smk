# a release of LAMOST as it lies on disk: its catalogues say which spectra there are and what trains the networks

import functools

from mstars.lamost.watch import state_of_release

SIMULATED = False
KIND_RULES = []
BORROWED_PATH = config["models"]["path"]
EXTERNAL = config["external"]
RELEASE = {name: path for name, path in config["release"].items() if name != "watch"}
PLAN_INPUT = [path for name, path in RELEASE.items() if path and name != "spectra"]
WATCHED = {"watched": f"{R}/plan/watched.json"}
# with what the tree holds now, so that a plate that arrives and a file that is replaced are seen
PLAN_SOURCE = lambda wildcards: {"release": RELEASE, "watch": config["release"]["watch"], "state": state_of_tree()}
K_PREDICTION = "ignored"
WITH_FILENAME = False
PLANTED_LITERATURE = {}
CALIBRATION_FILES = []
VALIDATION_FILES = []


@functools.cache
def state_of_tree():
    """A text that changes when the release must be planned anew."""
    return state_of_release(RELEASE["spectra"], f"{R}/plan", config["release"]["watch"])
