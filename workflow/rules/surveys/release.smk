# a release of LAMOST as it lies on disk: its catalogues say which spectra there are and what trains the networks

import functools

from mstars.archives.lamost import fetched_release, part_names

from mstars.lamost.watch import state_of_release


@functools.cache
def release_and_its_state():
    """Where the release is, with what its tree holds now: a plate that arrives and a file that is replaced are seen."""
    paths = {name: path for name, path in config["release"].items() if name != "watch"}
    watch = config["release"]["watch"]
    return {"release": paths, "watch": watch, "state": state_of_release(paths["spectra"], f"{R}/plan", watch)}


FETCHES_LAMOST = "lamost" in config["acquire"]["fetch"] and not is_there(config["release"]["spectra"])
LAMOST_CATALOGUES = [file for name, file in config["acquire"]["lamost"].items() if name.endswith("_catalog") and file]
RELEASE = fetched_release(config["acquire"]["lamost"], f"{R}/archives/lamost") if FETCHES_LAMOST else config["release"]
SIMULATED = False
KIND_RULES = ["acquire_lamost"] if FETCHES_LAMOST else []
BORROWED_PATH = config["models"]["path"]
EXTERNAL = config["external"]
PLAN_INPUT = [path for name, path in RELEASE.items() if path and name not in ("spectra", "watch")]
if FETCHES_LAMOST:  # what was fetched stays as it is: there is no tree to watch
    PLAN_INPUT += [f"{R}/archives/lamost/spectra_{part}.json" for part in part_names(config["acquire"]["lamost"]["parts"])]
    WATCHED, PLAN_SOURCE = {}, {"release": RELEASE}
else:
    WATCHED = {"watched": f"{R}/plan/watched.json"}
    PLAN_SOURCE = lambda wildcards: release_and_its_state()
CLASS_TABLES = config["scm"]["class_tables"]
K_PREDICTION = "ignored"
WITH_FILENAME = False
PLANTED_LITERATURE = {"laspm": (str(resource("laspm.yaml")), RELEASE["m_catalog"])}
CALIBRATION_FILES = []
VALIDATION_FILES = []

if workflow.is_main_process and not FETCHES_LAMOST and not Path(config["release"]["spectra"]).expanduser().is_dir():
    with told_alone():
        raise InputError(f"release.spectra: {config['release']['spectra']!r}: no such folder")
