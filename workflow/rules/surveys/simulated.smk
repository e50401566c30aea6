# a survey whose truth is known: rules of its own write it as LAMOST writes a release, and it is read as a release is
# common.smk tells what each name is; the three files of this folder give the same names

SIMULATED = True
# another survey's simulation is read as it is, never made or changed
KIND_RULES = ["validate"] if config["simulate"]["spectra_of"] else ["simulate", "validate"]
BORROWED_PATH = config["models"]["path"]
EXTERNAL = {
    "gaia": f"{SIM}/catalogs/gaia_dr3.fits",
    "distances": f"{SIM}/catalogs/bailer_jones.fits",
    "allwise": f"{SIM}/catalogs/allwise.fits",
    "apogee": f"{SIM}/catalogs/apogee_dr16.fits",
    "dust_map": f"{SIM}/dust/bayestar.h5",
}
PLAN_SOURCE = {
    "release": {
        "spectra": f"{SIM}/fits",
        "m_catalog": f"{SIM}/catalogs/lamost_m.fits.gz",
        "general_catalog": f"{SIM}/catalogs/lamost_general.fits.gz",
        "afgk_catalog": f"{SIM}/catalogs/lamost_afgk.fits.gz",
        "wd_catalog": f"{SIM}/catalogs/lamost_wd.fits.gz",
    }
}
PLAN_INPUT = [path for name, path in PLAN_SOURCE["release"].items() if name != "spectra"] + [f"{SIM}/simulation.json"]
WATCHED = {}
FETCHED_PLAN = []
CLASS_TABLES = config["scm"]["class_tables"]
K_PREDICTION = "ignored"
WITH_FILENAME = False
PLANTED_LITERATURE = {
    name: [f"{SIM}/literature/{name}.{suffix}" for suffix in ("yaml", "csv")] for name in PAPER_CATALOGS
}
CALIBRATION_FILES = expand(f"{R}/validation/calibration_{{queue}}.parquet", queue=QUEUES)
VALIDATION_FILES = [f"{R}/validation/scorecard.json"]

if workflow.is_main_process and config["simulate"]["spectra_of"] and not Path(SIM, "truth.parquet").is_file():
    with told_alone():
        raise InputError(f"simulate.spectra_of: {SIM} has no simulated survey; make that survey first")
