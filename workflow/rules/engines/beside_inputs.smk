# beside: which sources stand beside the engines, and the tables of binaries and clusters

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS

# planted in a simulated survey beyond those of Li et al. 2025
BEYOND = ["starhorse", "aspcap_dr17", "b20"] if SIMULATED else []
BESIDE = {name: catalogue_paths(name) for name in sorted({*LITERATURE, *BEYOND})}
SCALE_TO = config["parameters"]["scale_to"]

if SCALE_TO is not None and workflow.is_main_process:
    from mstars.literature.engine_labels import sources_of
    from mstars.literature.engine_scales import source_of_scale

    with told_alone():
        source_of_scale(sources_of(ENGINES, dict.fromkeys(BESIDE, ""), simulated=SIMULATED), SCALE_TO)


def beside_files(number):
    """Input function: the descriptions (0) or the files (1) of the catalogues beside the engines."""
    return lambda wildcards: [paths[number] for paths in BESIDE.values()]


def group_files():
    """Tables of binaries and clusters: the config's, else those that the simulation plants."""
    planted = SIMULATED and config["simulate"]["groups"]
    named = {name: COMPARE[name] or [] for name in GROUP_TABLES}
    return {name: path or (f"{SIM}/groups/{name}.csv" if planted else []) for name, path in named.items()}


BESIDE_FIGURES = [
    *("diagrams", "repeats"),
    *(["groups"] if any(group_files().values()) else []),
    *(f"{what}_{kind}" for what in ("offsets", "trends") for kind in LUMINOSITY_CLASSES),
    *(f"matrix_{label}_{kind}" for label in LABELS for kind in LUMINOSITY_CLASSES),
]
