# a survey whose truth is known: rules of its own write it as LAMOST writes a release, and it is read as a release is
# common.smk tells what each name is; the three files of this folder give the same names

SIMULATED = True
KIND_RULES = ["simulate", "validate"]
BORROWED_PATH = config["models"]["path"]
EXTERNAL = {
    "gaia": f"{R}/sim/catalogs/gaia_dr3.fits",
    "distances": f"{R}/sim/catalogs/bailer_jones.fits",
    "allwise": f"{R}/sim/catalogs/allwise.fits",
    "apogee": f"{R}/sim/catalogs/apogee_dr16.fits",
    "dust_map": f"{R}/sim/dust/bayestar.h5",
}
PLAN_SOURCE = {
    "release": {
        "spectra": f"{R}/sim/fits",
        "m_catalog": f"{R}/sim/catalogs/lamost_m.fits.gz",
        "general_catalog": f"{R}/sim/catalogs/lamost_general.fits.gz",
        "afgk_catalog": f"{R}/sim/catalogs/lamost_afgk.fits.gz",
        "wd_catalog": f"{R}/sim/catalogs/lamost_wd.fits.gz",
    }
}
PLAN_INPUT = [path for name, path in PLAN_SOURCE["release"].items() if name != "spectra"] + [f"{R}/sim/simulation.json"]
WATCHED = {}
CLASS_TABLES = config["scm"]["class_tables"]
K_PREDICTION = "ignored"
WITH_FILENAME = False
PLANTED_LITERATURE = {
    name: [f"{R}/sim/literature/{name}.{suffix}" for suffix in ("yaml", "csv")] for name in PAPER_CATALOGS
}
CALIBRATION_FILES = expand(f"{R}/validation/calibration_{{queue}}.parquet", queue=QUEUES)
VALIDATION_FILES = [f"{R}/validation/scorecard.json"]
