"""Digests of what rules rest on: against two readings of the imports that share no code with it, and edit by edit."""

import ast
import json
import os
import shutil
import subprocess
import sys
from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from mstars.core.errors import InputError
from mstars.core.resources import ROOT as RESOURCES
from mstars.ops.digest import SOURCE, Digests, digests_of, facts_of

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))


def modules_by_bytecode(script: Path, source: Path = SOURCE) -> set[Path]:
    """Modules of the library that a script needs, by the import instructions of the compiled code."""
    finder = ModuleFinder([str(source)])
    finder.run_script(str(script))
    files = (Path(module.__file__) for module in finder.modules.values() if module.__file__)
    return {path for path in files if path.is_relative_to(source)}


def resource_files(resources: Path) -> list[Path]:
    return [*resources.rglob("*.csv"), *resources.rglob("*.mplstyle")]


def tables_by_text(modules: set[Path], resources: Path = RESOURCES) -> set[Path]:
    """Reference tables whose quoted name stands in the text of a module."""
    texts = [path.read_text() for path in modules]
    tables = {path: path.relative_to(resources).as_posix() for path in resource_files(resources)}
    return {path for path, name in tables.items() if any(f'"{name}"' in text for text in texts)}


IMPORTER = """
import ast, json, sys
from pathlib import Path

def ours():
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("mstars", "mstars_desk")}

for line in sys.stdin:
    script = Path(line.strip())
    for name in ours():  # other libraries stay loaded: that is what makes this quick
        del sys.modules[name]
    tree = ast.parse(script.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(tree, str(script), "exec"), {})
    print(json.dumps([module.__file__ for module in ours().values() if module.__file__]))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[Path]]:
    """Modules of the library that Python has loaded after a script's imports, by script."""
    lines = "\n".join(map(str, SCRIPTS))
    done = subprocess.run([sys.executable, "-c", IMPORTER], input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {script.stem: set(map(Path, files)) for script, files in zip(SCRIPTS, answers, strict=True)}


@pytest.fixture(scope="module")
def reader() -> Digests:
    return Digests()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_closure_of_every_script_is_what_its_imports_load(script, reader, loaded):
    closure = reader.closure(script)
    modules = {path for path in closure if path.suffix == ".py"} - {script}
    assert modules == modules_by_bytecode(script)
    # imports inside functions are in the closure and not in what Python has loaded
    assert loaded[script.stem] <= modules
    assert {path for path in closure if path.is_relative_to(RESOURCES)} == tables_by_text(modules)


def test_every_reference_table_is_named_where_it_is_read(reader):
    """No module finds a table by another way than ``resource``, which is what the digest reads."""
    for path in SOURCE.rglob("*.py"):
        if path.stem in ("digest", "resources") and path.parent.name in ("ops", "core"):
            continue
        imported = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        names = {alias.name for node in imported if node.module == "mstars.core.resources" for alias in node.names}
        # the lists of the papers' products are read where the rules are, and no job rests on them
        assert names <= {"resource", "resource_rows", "resource_table", "paper_lists"}, path
    read = {table for path in SOURCE.rglob("*.py") for table in facts_of(path.read_text())["resources"]}
    there = {path.relative_to(RESOURCES).as_posix() for path in RESOURCES.rglob("*.csv")}
    elsewhere = ("_products.csv", "_sentences.csv")
    wanted = {name for name in there if not name.endswith(elsewhere)}
    assert {name for name in read if name.endswith(".csv")} == wanted


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the sources, the tables and the scripts, which a test may edit."""
    folder = tmp_path_factory.mktemp("checkout")
    skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name, place in (("src", SOURCE), ("resources", RESOURCES), ("workflow/scripts", SCRIPTS[0].parent)):
        shutil.copytree(place, folder / name, ignore=skipped)
    return folder


def of_copy(copy: Path, cache: Path | None = None) -> Digests:
    return Digests(cache, source=copy / "src", resources=copy / "resources")


def test_a_copy_elsewhere_has_the_same_digests(copy, reader):
    # a checkout, and an installation, which has the tables in the package
    for tables in ("resources", "src/mstars/data"):
        there = Digests(source=copy / "src", resources=copy / tables)
        assert all(there.digest(copy / "workflow" / "scripts" / path.name) == reader.digest(path) for path in SCRIPTS)


@pytest.mark.slow
def test_an_edit_changes_the_digests_of_exactly_the_scripts_that_rest_on_the_file(copy, tmp_path):
    """For every module, table and script, one edit at a time; who rests on it is read from the compiled code."""
    scripts = sorted((copy / "workflow" / "scripts").glob("*.py"))
    rests_on = {}
    for script in scripts:
        modules = modules_by_bytecode(script, copy / "src")
        rests_on[script] = {script} | modules | tables_by_text(modules, copy / "resources")
    reader = of_copy(copy, tmp_path / "cache.json")
    before = {script: reader.digest(script) for script in scripts}
    reader.save()
    files = [*(copy / "src").rglob("*.py"), *resource_files(copy / "resources"), *scripts]
    assert len(files) > len(scripts) + 100
    for file in files:
        content, state = file.read_bytes(), file.stat()
        file.write_bytes(content + b"# edited\n")
        reader = of_copy(copy, tmp_path / "cache.json")
        changed = {script for script in scripts if reader.digest(script) != before[script]}
        assert changed == {script for script in scripts if file in rests_on[script]}, file
        file.write_bytes(content)
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))  # so that the cache is good for it again


def library(folder: Path, **modules: str) -> Digests:
    """A library of a few modules of package ``mstars`` and one table, in ``folder``."""
    (folder / "src" / "mstars").mkdir(parents=True)
    for name, text in {"__init__": "", **modules}.items():
        (folder / "src" / "mstars" / f"{name}.py").write_text(text)
    (folder / "resources").mkdir()
    (folder / "resources" / "table.csv").write_text("a\n1\n")
    return Digests(folder / "cache.json", source=folder / "src", resources=folder / "resources")


def script_of(folder: Path, text: str) -> Path:
    (folder / "script.py").write_text(text)
    return folder / "script.py"


def test_imports_in_functions_and_of_names_and_of_packages_count(tmp_path):
    modules = {"one": "def f():\n    import mstars.two", "two": "from mstars import three, four"}
    reader = library(tmp_path, **modules, three="", four="", five="")
    script = script_of(tmp_path, "from mstars.one import f as g")
    found = {path.name for path in reader.closure(script)}
    assert found == {"script.py", "__init__.py", "one.py", "two.py", "three.py", "four.py"}


def test_modules_that_import_each_other_are_read_once(tmp_path):
    reader = library(tmp_path, one="import mstars.two", two="import mstars.one")
    assert len(reader.closure(script_of(tmp_path, "import mstars.one"))) == 4


def test_a_file_beside_a_module_counts_where_the_module_names_it(tmp_path):
    reader = library(tmp_path, one='PAGE = "pages/page.html"\nOTHER = "absent.html"\nTEXT = "any text.html"')
    page = tmp_path / "src" / "mstars" / "pages" / "page.html"
    page.parent.mkdir()
    page.write_text("<p>")
    script = script_of(tmp_path, "import mstars.one")
    assert page in reader.closure(script)
    before = reader.digest(script)
    page.write_text("<div>")
    assert Digests(source=tmp_path / "src", resources=tmp_path / "resources").digest(script) != before


def test_what_was_read_is_kept_and_only_a_changed_file_is_read_again(tmp_path, monkeypatch):
    reader = library(tmp_path, one="import mstars.two", two="")
    script = script_of(tmp_path, "import mstars.one")
    before = reader.digest(script)
    reader.save()
    parsed = []
    monkeypatch.setattr("mstars.ops.digest.facts_of", lambda text, name: parsed.append(name) or facts_of(text, name))

    def again():
        parsed.clear()
        new = Digests(tmp_path / "cache.json", source=tmp_path / "src", resources=tmp_path / "resources")
        found = new.digest(script)
        new.save()
        return found, [Path(name).name for name in parsed]

    assert again() == (before, [])
    module = tmp_path / "src" / "mstars" / "two.py"
    module.write_text('from mstars.core.resources import resource\nresource("table.csv")')
    changed, read = again()
    assert changed != before and read == ["two.py"]
    # a table is small and its content counts, whatever its time says
    state = (tmp_path / "resources" / "table.csv").stat()
    (tmp_path / "resources" / "table.csv").write_text("a\n2\n")
    os.utime(tmp_path / "resources" / "table.csv", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert again()[0] != changed and again()[1] == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"/other": 1}', '{"version": 0}'])
def test_a_cache_that_is_damaged_or_of_another_version_is_made_anew(tmp_path, text):
    reader = library(tmp_path, one="")
    script = script_of(tmp_path, "import mstars.one")
    before = reader.digest(script)
    (tmp_path / "cache.json").write_text(text)
    new = Digests(tmp_path / "cache.json", source=tmp_path / "src", resources=tmp_path / "resources")
    assert new.digest(script) == before
    new.save()
    assert str(script) in (tmp_path / "cache.json").read_text()


def test_nothing_is_written_where_nothing_was_read(tmp_path):
    reader = library(tmp_path)
    reader.save()
    assert not (tmp_path / "cache.json").exists()


def test_a_table_that_is_not_there_is_named(tmp_path):
    reader = library(tmp_path, one='resource("absent.csv")')
    with pytest.raises(InputError, match=r"absent.csv: named in .*one.py, and not there"):
        reader.digest(script_of(tmp_path, "import mstars.one"))


@pytest.mark.parametrize(
    "text, message",
    [
        ("from . import one", "script.py, line 1: a relative import"),
        ("\nfrom ..core import one", "script.py, line 2: a relative import"),
        ("resource(name)", r"script.py, line 1: resource\(\) takes one literal"),
        ('resources.resource(f"{name}.csv")', r"script.py, line 1: resource\(\) takes one literal"),
        ('resource("a.csv", "b.csv")', r"script.py, line 1: resource\(\) takes one literal"),
    ],
)
def test_what_can_not_be_read_from_the_source_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        library(tmp_path).digest(script_of(tmp_path, text))


def test_other_libraries_do_not_count():
    text = "import numpy\nimport mstars_other.one\nimport mstars_desk.server\nfrom mstars.core import errors"
    assert facts_of(text)["imports"] == ["mstars.core.errors", "mstars_desk.server"]


def test_digests_of_several_scripts_by_path(tmp_path):
    found, by_engine = digests_of(SCRIPTS[:3], tmp_path / "cache.json")
    assert list(found) == list(map(str, SCRIPTS[:3])) and (tmp_path / "cache.json").is_file()
    assert len(set(found.values())) == 3 and all(len(value) == 16 for value in found.values()) and by_engine == {}


def test_a_script_of_any_engine_rests_on_the_engine_it_is_run_for_and_on_no_other(copy):
    trains, tables = (copy / "workflow" / "scripts" / f"engine_{name}.py" for name in ("train", "table"))
    engines = copy / "src" / "mstars" / "engines"

    def digests():
        reader = of_copy(copy)
        return {(s.stem, e): reader.engine_digest(s, e) for s in (trains, tables) for e in ("cnn", "ridge")}

    before = digests()
    assert len(set(before.values())) == 4
    edits = {
        "ridge/regression.py": {("engine_train", "ridge")},
        "ridge/info.py": {("engine_train", "ridge"), ("engine_table", "ridge")},
        "cnn/training.py": {("engine_train", "cnn")},
        "contract.py": set(before),
    }
    for name, expected in edits.items():
        content = (engines / name).read_text()
        (engines / name).write_text(content + "# edited\n")
        assert {key for key, value in digests().items() if value != before[key]} == expected, name
        (engines / name).write_text(content)
