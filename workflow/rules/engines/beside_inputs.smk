# beside: which sources stand beside the engines, and the tables of binaries and clusters

# planted in a simulated survey beyond those of Li et al. 2025
BEYOND = ["starhorse", "aspcap_dr17", "b20"] if SIMULATED else []
BESIDE = {name: catalogue_paths(name) for name in sorted({*LITERATURE, *BEYOND})}
GROUPS_PLANTED = SIMULATED and config["simulate"]["groups"]


def beside_files(number):
    """Input function: the descriptions (0) or the files (1) of the catalogues beside the engines."""
    return lambda wildcards: [paths[number] for paths in BESIDE.values()]
