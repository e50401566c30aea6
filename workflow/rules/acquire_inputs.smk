# what is fetched from archives: what the config asks for and no local file is there for

from mstars.archives.lamost import catalogue_files
from mstars.archives.settings import vizier_file


def fetched(name):
    """Whether a catalogue or map comes from its archive."""
    return name in config["acquire"]["fetch"] and not is_there(EXTERNAL[name])


FETCHED_BY_CELL = [name for name in ("gaia", "allwise") if fetched(name)]
FETCHED_FILES = {"apogee": "<results>/archives/allStar.fits", "dust_map": "<results>/archives/bayestar2019.h5"}
FETCHED_FILES = {name: path for name, path in FETCHED_FILES.items() if fetched(name)}
EXTERNAL = {**EXTERNAL, **FETCHED_FILES, **dict.fromkeys(FETCHED_BY_CELL)}
if "gaia" in FETCHED_BY_CELL:
    EXTERNAL["distances"] = None  # they come with Gaia's sources

FETCHING = {name: config["acquire"][name] for name in ("token_variable", "token_file", "downloads", "attempts", "timeout")}
PATIENCE = {name: config["acquire"][name] for name in ("tap_seconds", "tap_poll", "tap_places")}
VIZIER = {vizier_file(name): name for name in config["acquire"]["vizier"]}
VIZIER_FILES = [f"<results>/archives/vizier/{table}.tsv" for table in VIZIER]


def all_fetched(wildcards):
    """Everything that the config asks for from archives."""
    files = [*FETCHED_FILES.values(), *VIZIER_FILES, *FETCHED_PLAN]
    if FETCHED_BY_CELL:
        files += expand(per_cell("<results>/archives/{catalogue}/{cell}.parquet")(wildcards), catalogue=FETCHED_BY_CELL)
    return files


def lamost_catalogues():
    """Names of the catalogues' files in LAMOST's archive."""
    return [file for file in catalogue_files(config["acquire"]["lamost"]).values() if file]
