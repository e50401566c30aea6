# laspm: settings and input functions of its rules

LASPM = ENGINE_SETTINGS["laspm"]
LASPM_LIBRARY = "<results>/catalogs/golden_sample.fits" if LASPM["library"] == "golden" else LASPM["library"]
if LASPM["library"] != "labelled":
    ENGINE_TABLES["laspm"] = {"library": "<results>/training/laspm_library.parquet"}
GOLDEN_KINDS = ["dM", "gM"]


def catalogue_paths(name):
    """Description and file of a catalogue; None where it is not there."""
    if name in LITERATURE:
        return LITERATURE[name]
    if name.endswith((".yaml", ".yml")):
        from mstars.literature.catalogues import read_description

        return [name, str(read_description(name).file)]
    return [f"<sim>/literature/{name}.{suffix}" for suffix in ("yaml", "csv")] if SIMULATED else None


def golden_catalogues():
    """Description and file of each catalogue of the golden sample by name; those that are not there are left out."""
    labels = LASPM["golden"]["labels"]
    names = [name for name in [*labels["dM"], *labels["gM"], labels["reference"]] if name not in (None, "apogee")]
    found = {name: catalogue_paths(name) for name in dict.fromkeys(names)}
    return {name: paths for name, paths in found.items() if paths}


def afgk_catalogue(wildcards):
    """LAMOST's catalogue of A, F, G and K stars with their parameters; nothing where there is none."""
    return f"{SIM}/catalogs/lamost_afgk.fits.gz" if SIMULATED else config["release"]["afgk_catalog"] or []


def golden_theory(*kinds):
    """Input function: the theory grids of classes, where spectra are recalibrated to theory."""

    def files(wildcards):
        if LASPM["golden"]["clusters"]["recalibrate"] != "theory":
            return []
        given = LASPM["golden"]["theory"]
        found = [given[kind] or (f"{SIM}/sed_{kind}.h5" if SIMULATED else None) for kind in kinds]
        return [] if None in found else found

    return files


def golden_files(number):
    """Input function: the descriptions (0) or the files (1) of the golden sample's catalogues."""
    return lambda wildcards: [paths[number] for paths in golden_catalogues().values()]


def du2024(name):
    """Files of a figure of Du et al. 2024."""
    return figure(f"du2024/{name}", caption="du2024")


def compared_catalogues():
    """Paths of the catalogues that the paper compares with, by name; those that are not there are left out."""
    found = {name: catalogue_paths(name) for name in ("starhorse", "aspcap_dr17")}
    return {name: paths for name, paths in found.items() if paths}
