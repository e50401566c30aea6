"""Tests stand where the modules they test stand, and use what these give to others."""

import ast
import re

import pytest
from places import ROOT

TESTS = ROOT / "tests"
APART = {"workflow", "slurm", "support"}
"""Tests of the whole, and what tests share."""

FILES = sorted(TESTS.rglob("*.py"))
OF_MODULES = [path for path in FILES if path.name.startswith("test_") and not set(path.parts) & APART]


def source_of(path):
    """Folder of the library that a test file is for."""
    room = path.parent.relative_to(TESTS)
    return ROOT / "src" / ("" if room.parts[:1] == ("mstars_desk",) else "mstars") / room


@pytest.mark.parametrize(
    "path", [path for path in OF_MODULES if path.parent != TESTS], ids=lambda path: str(path.relative_to(TESTS))
)
def test_a_test_file_has_the_name_of_a_module(path):
    """`test_{module}.py`, or `test_{module}_{subject}.py` where there is more than one file."""
    room = source_of(path)
    modules = {entry.stem for entry in room.iterdir() if entry.suffix == ".py" or entry.is_dir()} - {"__init__"}
    name = path.stem.removeprefix("test_")
    assert any(name == module or name.startswith(f"{module}_") for module in modules), f"{room} has no such module"


def private_names(tree):
    """Names with a leading underscore that a file takes of other modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.name.startswith("_"))
        elif isinstance(node, ast.Attribute) and not node.attr.startswith("__"):
            yield node.attr


WAITING = {TESTS / "networks" / "test_training.py"}
"""Files that still take private names. Add none."""


@pytest.mark.parametrize("path", sorted(set(FILES) - WAITING), ids=lambda path: str(path.relative_to(TESTS)))
def test_tests_use_public_names_only(path):
    own = {"_asdict", "_replace", "_fields", "_configure"}  # a named tuple's, and the test cluster's
    assert not {name for name in private_names(ast.parse(path.read_text())) if name.startswith("_")} - own


MODULES = sorted((ROOT / "src").rglob("*.py"))


def test_the_pages_of_the_library_list_every_room():
    text = (ROOT / "docs" / "reference" / "api.rst").read_text()
    rooms = [*(ROOT / "src" / "mstars").iterdir(), ROOT / "src" / "mstars_desk"]
    names = {f"mstars.{room.stem}" if room.parent.name == "mstars" else room.name for room in rooms if is_room(room)}
    assert set(re.findall(r"^   (mstars\S*)$", text, re.M)) == names


def is_room(path):
    """A package, or a module that is one by itself."""
    return (path / "__init__.py").is_file() or (path.suffix == ".py" and not path.stem.startswith("_"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_all_that_is_public_has_a_docstring(path):
    tree = ast.parse(path.read_text())
    public = [node for node in definitions(tree) if not node.name.startswith("_")]
    assert ast.get_docstring(tree)
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def definitions(tree):
    """Functions and classes of a module, and methods of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (part for part in node.body if isinstance(part, ast.FunctionDef))
