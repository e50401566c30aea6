# beside: which sources stand beside the engines, and the tables of binaries and clusters

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS

# planted in a simulated survey beyond those of Li et al. 2025
BEYOND = ["starhorse", "aspcap_dr17", "b20"] if SIMULATED else []
BESIDE = {name: catalogue_paths(name) for name in sorted({*LITERATURE, *BEYOND})}
SCALE_TO = config["parameters"]["scale_to"]

if SCALE_TO is not None:
    from mstars.literature.engine_labels import APOGEE_SCALE

    SCALES = [APOGEE_SCALE, *(f"{name}_paper" if name in ENGINES else name for name in BESIDE)]
    if SCALE_TO not in SCALES:
        with told_alone():
            raise InputError(f"parameters.scale_to: nothing is on the scale {SCALE_TO!r}; there are: {', '.join(SCALES)}")


def beside_files(number):
    """Input function: the descriptions (0) or the files (1) of the catalogues beside the engines."""
    return lambda wildcards: [paths[number] for paths in BESIDE.values()]


def group_files():
    """Tables of binaries and clusters: the config's, else those that the simulation plants."""
    planted = SIMULATED and config["simulate"]["groups"]
    named = {name: config["compare"][name] or [] for name in GROUP_TABLES}
    return {name: path or (f"{R}/sim/groups/{name}.csv" if planted else []) for name, path in named.items()}


BESIDE_FIGURES = [
    *("diagrams", "repeats", "groups"),
    *(f"{what}_{kind}" for what in ("offsets", "trends") for kind in LUMINOSITY_CLASSES),
    *(f"matrix_{label}_{kind}" for label in LABELS for kind in LUMINOSITY_CLASSES),
]
