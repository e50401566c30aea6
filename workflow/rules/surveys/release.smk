# a release of LAMOST as it lies on disk: its catalogues say which spectra there are and what trains the networks

SIMULATED = False
KIND_RULES = []
BORROWED_PATH = config["models"]["path"]
EXTERNAL = config["external"]
PLAN_INPUT = [path for name, path in config["release"].items() if path and name != "spectra"]
PLAN_SOURCE = {"release": config["release"]}
K_PREDICTION = "ignored"
WITH_FILENAME = False
PLANTED_LITERATURE = {}
CALIBRATION_FILES = []
VALIDATION_FILES = []
