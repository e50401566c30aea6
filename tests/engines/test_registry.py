"""The registry: an engine is found by its folder, and nothing else has to know of it."""

import shutil
import subprocess
import sys

import pytest
from places import ROOT

from mstars.core.config.check import checked
from mstars.core.errors import InputError
from mstars.engines.registry import (
    enabled_engines,
    engine_info,
    engine_models,
    engine_names,
    engine_settings,
    info_of_stem,
    load_engine,
)

ASK = """
from mstars.engines.registry import engine_info, engine_models, engine_names, engine_settings, load_engine
from mstars.core.config.check import checked
config = checked({"parameters": {"engine": "fifth"}, "engines": {"fifth": {"components": [7]}}}, engine_models())
engine = load_engine("fifth")
print(engine_names(), engine_info("fifth").stem, engine_settings(config, "fifth")["components"], engine.info.name)
"""


def test_a_new_folder_is_a_new_engine(tmp_path):
    """A copy of the library with one more folder, and no other change."""
    package = shutil.copytree(ROOT / "src" / "mstars", tmp_path / "mstars", symlinks=True)
    (package / "data").unlink()
    (package / "data").symlink_to(ROOT / "resources")
    folder = shutil.copytree(package / "engines" / "ridge", package / "engines" / "fifth")
    for path in folder.glob("*.py"):
        path.write_text(path.read_text().replace("engines.ridge", "engines.fifth").replace('"ridge"', '"fifth"'))
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{ASK}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "'fifth'" in done.stdout.split(") ")[0] and done.stdout.strip().endswith("fifth [7] fifth")


def test_every_engine_has_what_the_workflow_asks_for(tmp_path):
    config = checked({}, engine_models())
    for name in engine_names():
        info = engine_info(name)
        settings = engine_settings(config, name)
        assert info.name == name and info_of_stem(info.stem) is info and load_engine(name).info is info
        assert {"folds", "cuts", "least_snr", "filled_max", "label_errors", "training_stars"} <= set(settings)
        assert info.part_names(3) and info.predicting(info.part_names(3))
    stems = [engine_info(name).stem for name in engine_names()]
    assert len(set(stems)) == len(stems)


def test_reading_infos_and_settings_loads_no_heavy_library():
    names = [f"engine_info({name!r})" for name in engine_names()]
    lines = ["import sys", "from mstars.engines.registry import *", *names, "engine_models()"]
    lines += ["print([name for name in ('torch', 'numba', 'scipy', 'astropy', 'sklearn') if name in sys.modules])"]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_an_engine_that_is_not_there_is_named():
    with pytest.raises(InputError, match="no engine 'slum'.*cnn"):
        engine_info("slum")
    with pytest.raises(InputError, match=r"parameters\.engine: no engine 'slum'; there are: cnn"):
        checked({"parameters": {"engine": "slum"}}, engine_models())
    with pytest.raises(InputError, match=r"parameters\.also.*no engine 'slum'"):
        checked({"parameters": {"also": ["slum"]}}, engine_models())
    with pytest.raises(InputError, match=r"engines\.ridge\.component: no such key; did you mean .*components"):
        checked({"engines": {"ridge": {"component": [3]}}}, engine_models())
    with pytest.raises(InputError, match="tlmb: not the beginning of one engine's files"):
        info_of_stem("tlmb")


def test_the_catalogues_engine_comes_first_and_each_once():
    def enabled(**section):
        return enabled_engines({"parameters": {"engine": "cnn", "also": [], **section}})

    assert enabled() == ["cnn"] and enabled(also=["ridge", "cnn"]) == ["cnn", "ridge"]
    assert enabled(engine="ridge", also="all") == ["ridge", *(name for name in engine_names() if name != "ridge")]
