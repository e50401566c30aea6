# slam: settings and input functions of its rules

SLAM_THEORY = ENGINE_SETTINGS["slam"]["theory"]
if SLAM_THEORY == "planted":
    SLAM_THEORY = f"{SIM}/theory.h5" if SIMULATED else None


def slam_descriptions(wildcards):
    """Descriptions of the catalogues that the paper compares with; planted ones where the survey is simulated."""
    known = {name: f"{SIM}/literature/{name}.yaml" for name in SLAM_CATALOGS} if SIMULATED else {}
    found = known | {name: one[0] for name, one in LITERATURE.items()}
    return {name: path for name, path in found.items() if name in SLAM_CATALOGS}


def slam_group(name, key):
    """A table of binaries or clusters: the simulation's, or that of the config."""
    if SLAM_GROUPS:
        return f"<sim>/groups/{name}.csv"
    return (COMPARE[key] or []) if key else []
