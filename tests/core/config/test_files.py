"""Config files and overlays."""

import re

import pytest
import yaml
from made_configs import BASE, ENGINES, check
from places import ROOT

from mstars.core.config.check import checked
from mstars.core.config.files import Layer, at, contradictions, layers_of, leaves, read_layer
from mstars.core.config.whole import filled, merged
from mstars.core.errors import InputError
from mstars.engines.registry import engine_models


def test_the_shipped_config_is_short_explained_and_the_defaults():
    lines = [line for line in BASE.read_text().splitlines() if re.match(r" +\w+: *[^ #]", line)]
    config = yaml.safe_load(BASE.read_text())
    given = dict(leaves(config))
    assert 40 <= len(given) <= 60
    assert all("#" in line for line in lines) and len(lines) == len(given)
    assert {place: at(filled({}), place) for place in given} == given


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_file_is_valid(path):
    layers = layers_of(BASE, [path], {})
    config = {}
    for layer in layers:
        config = merged(config, dict(layer.values))
    checked(config, engine_models(), layers, base=str(BASE))


def test_a_key_twice_in_a_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"mine.yaml: not a config file: line 3: name stands here twice"):
        check("survey:\n  name: a\n  name: b\n", tmp_path)


def test_what_is_no_config_file_is_named(tmp_path):
    for text in ("survey: [", "- a"):
        with pytest.raises(InputError, match=r"mine.yaml: (not a config file|holds no sections)"):
            check(text, tmp_path)
    with pytest.raises(InputError, match=r"none.yaml: can't be read"):
        read_layer(tmp_path / "none.yaml")


def overlays(*values):
    return [Layer(f"{number}.yaml", value) for number, value in enumerate(values)]


def test_two_overlays_that_contradict_each_other_are_named():
    before = filled({})
    one, other = {"survey": {"name": "a"}, "plan": {"min_spectra": 5}}, {"survey": {"name": "b"}, "spmm": {"folds": 5}}
    said = contradictions(overlays(one, other), before)
    assert said == ['0.yaml, 1.yaml: survey.name: one says "a", the other "b"; keep it in one of the two files']
    assert contradictions(overlays(one, {"survey": {"name": "a"}}), before) == []
    # a later file that sets a key back to what it was before undoes the first one
    assert len(contradictions(overlays(one, {"survey": {"name": "demo"}}), before)) == 1
    # a copy of the base under the overlays changes nothing
    assert contradictions(overlays({"survey": {"name": "demo"}}, one), before) == []


def test_contradictions_stop_the_check_and_the_command_line_does_not_count(tmp_path):
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path in paths:
        path.write_text(f"survey: {{name: {path.stem}}}")
    layers = layers_of(BASE, paths, {})
    with pytest.raises(InputError, match=r"a.yaml, .*b.yaml: survey.name: one says"):
        checked({"survey": {"name": "b"}}, ENGINES, layers, base=str(BASE))
    layers = layers_of(BASE, paths[:1], {"survey": {"name": "c"}})
    assert checked({"survey": {"name": "c"}}, ENGINES, layers, base=str(BASE))["survey"]["name"] == "c"
    # the base named again is no overlay
    assert len(layers_of(BASE, [BASE, paths[0]], {})) == 2
