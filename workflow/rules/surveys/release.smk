# a release of LAMOST as it lies on disk: its catalogues say which spectra there are and what trains the networks

import functools

from mstars.archives.asked import fetched_release, part_names

from mstars.lamost.watch import state_of_release


@functools.cache
def release_and_its_state():
    """Where the release is, with what its tree holds now: a plate that arrives and a file that is replaced are seen."""
    paths = {name: path for name, path in config["release"].items() if name != "watch"}
    watch = config["release"]["watch"]
    return {"release": paths, "watch": watch, "state": state_of_release(paths["spectra"], f"{R}/plan", watch)}


def fetches_lamost():
    """Whether the release comes from LAMOST's archive."""
    return "lamost" in config["acquire"]["fetch"] and not is_there(config["release"]["spectra"])


@functools.cache
def release_paths():
    """Catalogues and spectra of the release, on disk or where they will be fetched to."""
    archived = config["acquire"]["lamost"]
    return fetched_release(archived, f"{R}/archives/lamost") if fetches_lamost() else config["release"]


SIMULATED = False
KIND_RULES = ["acquire_lamost"] if fetches_lamost() else []
BORROWED_PATH = config["models"]["path"]
EXTERNAL = config["external"]
PLAN_INPUT = [path for name, path in release_paths().items() if path and name not in ("spectra", "watch")]
if fetches_lamost():
    PLAN_INPUT += [f"{R}/archives/lamost/spectra_{part}.json" for part in part_names(config["acquire"]["lamost"]["parts"])]
# what was fetched stays as it is: there is no tree to watch
WATCHED = {} if fetches_lamost() else {"watched": f"{R}/plan/watched.json"}
PLAN_SOURCE = {"release": release_paths()} if fetches_lamost() else lambda wildcards: release_and_its_state()
FETCHED_PLAN = PLAN_INPUT if fetches_lamost() else []
CLASS_TABLES = config["scm"]["class_tables"]
K_PREDICTION = "ignored"
WITH_FILENAME = False
PLANTED_LITERATURE = {"laspm": (str(resource("laspm.yaml")), release_paths()["m_catalog"])}
CALIBRATION_FILES = []
VALIDATION_FILES = []

if workflow.is_main_process and not fetches_lamost() and not Path(config["release"]["spectra"]).expanduser().is_dir():
    with told_alone():
        raise InputError(f"release.spectra: {config['release']['spectra']!r}: no such folder")
