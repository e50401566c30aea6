# what is fetched from archives: what the config asks for and no local file is there for

from mstars.archives.asked import COMPARED, FILES, catalogue_files, vizier_file, vizier_tables


def fetched(name):
    """Whether a catalogue or map comes from its archive."""
    return name in config["acquire"]["fetch"] and not is_there(EXTERNAL[name])


FETCHED_BY_CELL = [name for name in ("gaia", "allwise") if fetched(name)]
FETCHED_FILES = {name: f"<results>/archives/{FILES[name]}" for name in ("apogee", "dust_map")}
FETCHED_FILES = {name: path for name, path in FETCHED_FILES.items() if fetched(name)}
EXTERNAL = {**EXTERNAL, **FETCHED_FILES, **dict.fromkeys(FETCHED_BY_CELL)}
if "gaia" in FETCHED_BY_CELL:
    EXTERNAL["distances"] = None  # they come with Gaia's sources

FETCHING = {name: config["acquire"][name] for name in ("token_variable", "token_file", "downloads", "attempts", "timeout")}
PATIENCE = {name: config["acquire"][name] for name in ("tap_seconds", "tap_poll", "tap_places")}

with told_alone():
    VIZIER = {vizier_file(table.identifier): table for table in vizier_tables(config["acquire"], config["compare"])}
# the config's section compare, with what is fetched where it names no file that is there
COMPARE = dict(config["compare"])
for file, table in VIZIER.items():
    if table.name in COMPARED and (table.name != "occam" or COMPARE["clusters"]):
        COMPARE[COMPARED[table.name]] = f"{R}/archives/vizier/{file}.tsv"

# description and table of literature catalogues whose columns we know
FETCHED_LITERATURE = {
    name: (f"<results>/archives/{name}.yaml", f"<results>/archives/{table}")
    for name, table, source in (
        ("starhorse", "starhorse.parquet", "starhorse"),
        ("aspcap_dr17", FILES["apogee_dr17"], "apogee_dr17"),
    )
    if source in config["acquire"]["fetch"]
}


def all_fetched(wildcards):
    """Everything that the config asks for from archives."""
    files = [*FETCHED_FILES.values(), *expand("<results>/archives/vizier/{table}.tsv", table=VIZIER), *FETCHED_PLAN]
    if FETCHED_BY_CELL:
        files += expand(per_cell("<results>/archives/{catalogue}/{cell}.parquet")(wildcards), catalogue=FETCHED_BY_CELL)
    files += [pair[1] for name, pair in FETCHED_LITERATURE.items() if LITERATURE[name] == pair]
    return files


def lamost_catalogues():
    """Names of the catalogues' files in LAMOST's archive."""
    return [file for file in catalogue_files(config["acquire"]["lamost"]).values() if file]
