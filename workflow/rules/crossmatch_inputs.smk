# cells of the sky, known once the checkpoint has written the plan, and what a cell's job reads

MATCHING = {name: value for name, value in config["crossmatch"].items() if name != "cells"}


def cell_plan():
    """Facts of each cell by its name."""
    facts = Path(checkpoints.plan.get().output.cell_facts)
    return read_cells(facts, facts.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def read_cells(facts, changed):
    return json.loads(facts.read_text())


def cell_digest(wildcards):
    """Digest of a cell's spectra."""
    return cell_plan()[wildcards.cell]["digest"]


def cell_table(wildcards):
    """The spectra by cell, whose age does not count: it may be made anew without this cell changing."""
    checkpoints.plan.get()
    return ancient("<results>/plan/cells.parquet")


def per_cell(pattern):
    """Input function: ``pattern`` for every cell of the survey."""
    return lambda wildcards: expand(pattern, cell=sorted(cell_plan()), allow_missing=True)


@functools.cache
def source(catalogue):
    """What cells read of an external catalogue: the file or folder itself, or the index of a large file."""
    from mstars.sky.index import needs_index

    path = EXTERNAL[catalogue]
    if catalogue in FETCHED_BY_CELL:
        return f"<results>/archives/{catalogue}/{{cell}}.parquet"
    if not path:
        return []
    return f"<results>/crossmatch/index/{catalogue}.parquet" if needs_index(path) else path


def cell_memory(wildcards, input, attempt):
    """MB of a cell's job: what is read whole counts six times."""
    from mstars.sky.parts import in_parts

    whole = [path for path in input if os.path.isfile(path) and not in_parts(path)]
    return int((1500 + 6 * sum(map(os.path.getsize, whole)) / 1e6) * 1.5 ** (attempt - 1))
