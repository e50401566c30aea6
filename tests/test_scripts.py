"""Scripts of the workflow use only names they have: a missing import would show in a run alone."""

import ast
import builtins
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).resolve().parents[1] / "workflow" / "scripts").glob("*.py"))
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
