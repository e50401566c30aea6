# a release of LAMOST as it lies on disk: its catalogues say which spectra there are and what trains the networks

import functools

from mstars.lamost.watch import state_of_release


@functools.cache
def release_and_its_state():
    """Where the release is, with what its tree holds now: a plate that arrives and a file that is replaced are seen."""
    paths = {name: path for name, path in config["release"].items() if name != "watch"}
    watch = config["release"]["watch"]
    return {"release": paths, "watch": watch, "state": state_of_release(paths["spectra"], f"{R}/plan", watch)}


SIMULATED = False
KIND_RULES = []
BORROWED_PATH = config["models"]["path"]
EXTERNAL = config["external"]
PLAN_INPUT = [path for name, path in config["release"].items() if path and name not in ("spectra", "watch")]
WATCHED = {"watched": f"{R}/plan/watched.json"}
PLAN_SOURCE = lambda wildcards: release_and_its_state()
CLASS_TABLES = config["scm"]["class_tables"]
K_PREDICTION = "ignored"
WITH_FILENAME = False
PLANTED_LITERATURE = {"laspm": (str(resource("laspm.yaml")), config["release"]["m_catalog"])}
CALIBRATION_FILES = []
VALIDATION_FILES = []

if workflow.is_main_process and not Path(config["release"]["spectra"]).expanduser().is_dir():
    with told_alone():
        raise InputError(f"release.spectra: {config['release']['spectra']!r}: no such folder")
