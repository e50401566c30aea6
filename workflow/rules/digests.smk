# what each job rests on: its script, the modules that imports and the tables these read; an edit to one remakes the product

from mstars.ops.digest import digests_of


def add_digests(known):
    """Give each of the rules that has a script the digest of all that the script rests on, as a parameter.

    A rule with the wildcard {engine} or {model} has one for each engine, with what the script loads of it.
    """
    scripts = {one: (Path(one.basedir) / one.script).resolve() for one in known if one.script}
    generic = {one for one in scripts if {"engine", "model"} & set(one.wildcard_names)}
    found, by_engine = digests_of(
        [path for one, path in scripts.items() if one not in generic],
        ".snakemake/mstars/sources.json",
        engine_scripts={scripts[one] for one in generic},
        engines=ENGINE_INFOS,
    )
    for one, path in scripts.items():
        one.set_params(code=of_engine(by_engine[str(path)].get) if one in generic else found[str(path)])


add_digests(workflow.rules)
