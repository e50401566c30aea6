# combined: which engines it is made of, and their tables

COMBINED_OF = [name for name in ENGINES if not ENGINE_INFOS[name].of_engines]
if "combined" in ENGINES and not COMBINED_OF:
    with told_alone():
        raise InputError("parameters: combined needs other engines beside it, for example also: [cnn, slam, laspm]")


def combined_of(kind):
    """Engines that have this class."""
    return [name for name in COMBINED_OF if kind in ENGINE_INFOS[name].kinds]


# what models that have not seen a labelled star say of it, by engine and class
HELD_OUT = [
    f"{MODELS}/{ENGINE_INFOS[name].stem}_{kind}/out_of_fold.parquet" for name in COMBINED_OF for kind in ENGINE_INFOS[name].kinds
]
