"""Scripts of the workflow use only names they have: a missing import would show in a run alone."""

import ast
import builtins
import subprocess
import sys

import pytest
from places import ROOT

SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))
GIVEN = {*dir(builtins), "snakemake"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_name_of_a_script_is_known(script):
    tree = ast.parse(script.read_text())
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    known = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | GIVEN
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            known |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            known |= {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
            known |= {node.name} if isinstance(node, ast.FunctionDef) else set()
        elif isinstance(node, ast.ExceptHandler) and node.name:
            known.add(node.name)
    assert not sorted({node.id for node in names} - known)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_nothing_follows_a_job(script):
    """A script's process ends with its job (`mstars.ops.job`)."""
    *before, last = ast.parse(script.read_text()).body
    is_job = [isinstance(node, ast.With) and "job(snakemake" in ast.unparse(node.items[0]) for node in (*before, last)]
    assert is_job == [False] * len(before) + [True]


@pytest.mark.slow
def test_jobs_of_tables_and_the_workflow_itself_start_without_heavy_libraries():
    """A survey's tables are made one after the other: what each imports in vain, the whole run waits for."""
    of_tables = ("scm_candidates", "scm_apply", "dgcm_apply", "rv_select", "rv_apply")
    of_tables += ("engine_table", "engine_quality", "quality")
    trees = [ast.parse((SCRIPTS[0].parent / f"{name}.py").read_text()) for name in of_tables]
    lines = [ast.unparse(node) for tree in trees for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines += [
        "import sys",
        "from mstars.simulate.sizes import check_sources, parts",
        "from mstars.catalog.stars import star_table",
    ]
    lines += ["print([name for name in ('numba', 'torch', 'h5py', 'scipy', 'astropy') if name in sys.modules])"]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
