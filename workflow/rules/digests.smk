# what each job rests on: its script, the modules that imports and the tables these read; an edit to one remakes the product

from mstars.ops.digest import digests_of


def add_digests(known):
    """Give each of the rules that has a script the digest of all that the script rests on, as a parameter."""
    folder = Path(workflow.basedir) / "workflow" / "rules"
    scripts = {one: (folder / one.script).resolve() for one in known if one.script}
    found = digests_of(scripts.values(), ".snakemake/mstars/sources.json")
    for one, path in scripts.items():
        one.set_params(code=found[str(path)])


add_digests(workflow.rules)
