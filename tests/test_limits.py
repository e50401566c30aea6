"""No module over 400 lines, no function over 60, no public name without a docstring: the limits of CONTRIBUTING.md."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULE_LINES, FUNCTION_LINES = 400, 60

FOLDERS = ("src", "workflow", "tests", "benchmarks")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
SCRIPTS = sorted(path for path in (ROOT / "src").rglob("*.js") if not path.name.endswith(".min.js"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def long_modules() -> dict[str, int]:
    """Lines of each module over the limit."""
    lines = {name_of(path): len(path.read_text().splitlines()) for path in (*SOURCES, *SCRIPTS)}
    return {name: count for name, count in lines.items() if count > MODULE_LINES}


def long_functions() -> dict[str, int]:
    """Lines of each function over the limit, its decorators left out."""
    found = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = node.end_lineno - node.lineno + 1
                if count > FUNCTION_LINES:
                    found[f"{name_of(path)} {node.name}"] = count
    return found


def undocumented(tree: ast.Module) -> list[str]:
    """Public functions, classes and methods of a module that have no docstring."""
    found = [] if ast.get_docstring(tree) else ["the module itself"]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for scope in (tree, *classes):
        for node in scope.body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                found.append(node.name)
    return found


@pytest.mark.parametrize("found", [long_modules, long_functions])
def test_nothing_is_longer_than_the_limits(found):
    assert not found(), "split these"


def test_every_public_name_of_the_library_has_a_docstring():
    library = [path for path in SOURCES if path.is_relative_to(ROOT / "src")]
    missing = {name_of(path): undocumented(ast.parse(path.read_text())) for path in library}
    assert not {name: names for name, names in missing.items() if names}
