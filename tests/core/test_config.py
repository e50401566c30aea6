import re

import pytest
import yaml
from places import ROOT
from pydantic import BaseModel, Field

from mstars.core.config.check import checked
from mstars.core.config.command_line import typed
from mstars.core.config.documents import ABSENT, configuration_page, json_schema, keys_of, paper_overlay
from mstars.core.config.files import Layer, at, contradictions, layers_of, leaves, read_layer
from mstars.core.config.keys import plain
from mstars.core.config.line_velocities import LineOptions
from mstars.core.config.networks import Architecture, Networks
from mstars.core.config.outputs import Outliers
from mstars.core.config.template_matching import MatchOptions
from mstars.core.config.velocities import Rvmm
from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.config.whole import SECTIONS, filled, inheriting, merged, section_tree
from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.engines.registry import engine_models

ENGINES = {"cnn": None}
BASE = ROOT / "config" / "config.yaml"


def check(text, tmp_path, name="mine.yaml"):
    """The config with the text as an overlay of the shipped one."""
    (tmp_path / name).write_text(text)
    layers = layers_of(BASE, [tmp_path / name], {})
    config = merged(dict(layers[0].values), dict(layers[1].values))
    return checked(config, ENGINES, layers, base=str(BASE))


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
    checked(config, ENGINES, layers, base=str(BASE))


BAD = {
    "an unknown key, the nearest": (
        "plan: {plates_per_bach: 3}",
        "plan.plates_per_bach: no such key; did you mean plates_per_batch?",
    ),
    "an unknown key, none near": ("dgcm: {xyz: 3}", "dgcm.xyz: no such key; there are: snr_min, valid_share, split,"),
    "a key of another section within": (
        "scm: {curve: 0.1}",
        "scm.curve: no such key; did you mean scm.networks.curve?",
    ),
    "an unknown section": ("crossmatsh: {}", "crossmatsh: no such section; did you mean crossmatch?"),
    "no section": ("quality: 3", "quality: 3 is not a section"),
    "an empty section": ("quality:", "quality: None is not a section"),
    "not one of": (
        "survey: {kind: galaxy}",
        "survey.kind: 'galaxy' is not allowed; give one of simulated, files, release",
    ),
    "text for a number": (
        "networks: {epochs: many}",
        "networks.epochs: 'many' is not allowed; give a whole number from 1 on",
    ),
    "a fraction for a whole number": (
        "spmm: {folds: 9.5}",
        "spmm.folds: 9.5 is not allowed; give a whole number from 2 to 100",
    ),
    "true for a number": (
        "quality: {sigma: true}",
        "quality.sigma: True is not allowed; give a number above 0 (sigma)",
    ),
    "a number for a text": ("survey: {name: 7}", "survey.name: 7 is not allowed; give text: letters, digits"),
    "a form": ("survey: {name: a/b}", "survey.name: 'a/b' is not allowed; give text: letters, digits and _ . -"),
    "one for a list": (
        "scm: {classes: M}",
        "scm.classes: 'M' is not allowed; give a list of at least 2 (each one of OB,",
    ),
    "too short a list": (
        "networks: {architecture: {pools: [4, 4]}}",
        "networks.architecture.pools: [4, 4] is not allowed; give a list of 4",
    ),
    "out of range": (
        "crossmatch: {radius_arcsec: 180}",
        "crossmatch.radius_arcsec: 180 is not allowed; give a number above 0 and up to 60 (arcsec)",
    ),
    "nanometres": (
        "rvmm: {tm: {rest_range: [650, 8900]}}",
        "rvmm.tm.rest_range.0: 650 is not allowed; give a number from 3500 to 9300 (angstrom)",
    ),
    "with a unit": (
        "crossmatch: {radius_arcsec: 3 arcsec}",
        "'3 arcsec' is not allowed; give a number above 0 and up to 60 (arcsec), without a unit",
    ),
    "an exponent without a dot": ("networks: {learning_rate: 1e-4}", "YAML takes 1e-4 as text, write 1.0e-4"),
    "a bare off": (
        "scm: {ood: {use: off}}",
        'scm.ood.use: False is not allowed; give one of "off", candidates, votes; write off,',
    ),
    "null where it means nothing": (
        "networks: {epochs: null}",
        "networks.epochs: None is not allowed; give a whole number",
    ),
    "a missing key of a list": (
        "templates: {extra: [{source: a, path: b}]}",
        "templates.extra.0: lacks the key 'medium'",
    ),
    "one of two kinds": (
        "spmm: {networks: {batch_size: many}}",
        "spmm.networks.batch_size: 'many' is not allowed; give a whole number from 1 on or auto",
    ),
    "an engine that is not there": (
        "parameters: {engine: slam}",
        "parameters.engine: no engine 'slam'; there are: cnn",
    ),
    "an engine beside it": ("parameters: {also: [slam]}", "parameters.also: no engine 'slam'; there are: cnn"),
    "settings of no engine": ("engines: {slam: {}}", "engines.slam: no such engine; there are: none"),
    "no M": ("scm: {classes: [A, F]}", "scm.classes: M must be among them, and each of them once"),
    "an interval backwards": (
        "rvmm: {lines: {tellurics: [[7000, 6900]]}}",
        "rvmm.lines.tellurics.0: [7000.0, 6900.0] runs backwards",
    ),
    "a day that is none": (
        "quality: {rv_cut: '2012-13-40'}",
        "quality.rv_cut: '2012-13-40' is not allowed; give text: a date as 2012-01-14",
    ),
}


@pytest.mark.parametrize("text, said", BAD.values(), ids=BAD)
def test_bad_input_is_one_line_with_file_key_and_what_is_allowed(text, said, tmp_path):
    with pytest.raises(InputError) as caught:
        check(text, tmp_path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 1 and said in lines[0], lines
    assert lines[0].startswith(f"config: {tmp_path / 'mine.yaml'}: ")


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        check("survey: {kind: a, seed: -1}\nplan: {x: 1}", tmp_path)
    assert len(str(caught.value).splitlines()) == 3


def test_a_wrong_value_is_told_where_it_stands_and_not_where_it_is_inherited(tmp_path):
    with pytest.raises(InputError) as caught:
        check("networks: {epochs: 0}", tmp_path)
    assert str(caught.value).splitlines() == [
        f"config: {tmp_path / 'mine.yaml'}: networks.epochs: 0 is not allowed; give a whole number from 1 on"
    ]


def test_a_value_of_the_command_line_is_told_as_such():
    layers = layers_of(BASE, [], {"plan": {"min_spectra": 0}})
    with pytest.raises(InputError, match=r"command line \(--config\): plan.min_spectra: 0 is not allowed"):
        checked(merged(dict(layers[0].values), dict(layers[1].values)), ENGINES, layers, base=str(BASE))


def test_the_command_lines_texts_get_the_types_of_their_keys():
    said = {
        "survey": {"name": "2024", "seed": "7"},
        "models": {"path": "null"},
        "simulate": {"allow_same_sources": "true"},
        "networks": {"learning_rate": "1.0e-3", "architecture": {"pools": ["4", "4", "2", "2"]}},
        "spmm": {"networks": {"batch_size": "16"}, "aspcapflag_reject": ["19"]},
        "scm": {"ood": {"use": "off", "sure": "3"}, "classes": ["M", "A"]},
        "quality": {"rv_cut": "2012-02-03", "sigma": "three"},
        "rvmm": {"tm": {"faint_range": "null", "left_out": [["5000", "5010.5"]]}},
        "plan": {"plates": "3"},
        "figures": {"examples": {"fig07": ["12", "a-b"]}},
        "no_section": {"a": "1"},
    }
    assert typed(said, section_tree()) == {
        "survey": {"name": "2024", "seed": 7},
        "models": {"path": None},
        "simulate": {"allow_same_sources": True},
        "networks": {"learning_rate": 0.001, "architecture": {"pools": [4, 4, 2, 2]}},
        "spmm": {"networks": {"batch_size": 16}, "aspcapflag_reject": [19]},
        "scm": {"ood": {"use": "off", "sure": 3}, "classes": ["M", "A"]},
        "quality": {"rv_cut": "2012-02-03", "sigma": "three"},
        "rvmm": {"tm": {"faint_range": None, "left_out": [[5000, 5010.5]]}},
        "plan": {"plates": "3"},
        "figures": {"examples": {"fig07": [12, "a-b"]}},
        "no_section": {"a": "1"},
    }
    assert (
        typed({"spmm": {"networks": {"batch_size": "auto"}}}, section_tree())["spmm"]["networks"]["batch_size"]
        == "auto"
    )


def test_a_date_without_quotes_is_text(tmp_path):
    assert check("quality: {rv_cut: 2013-02-03}", tmp_path)["quality"]["rv_cut"] == "2013-02-03"


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


def test_sections_inherit_in_one_way_only():
    assert dict(inheriting(section_tree())) == {
        ("scm", "networks"): "networks",
        ("dgcm", "networks"): "networks",
        ("spmm", "networks"): "networks",
    }
    config = filled({"networks": {"epochs": 9, "curve": 0.1, "architecture": {"pools": [2, 2, 2, 2]}}})
    for section in ("scm", "dgcm", "spmm"):
        assert config[section]["networks"]["epochs"] == 9
        assert config[section]["networks"]["architecture"]["pools"] == [2, 2, 2, 2]
    # what a section has of its own comes first: curve and batch_size
    assert config["scm"]["networks"]["curve"] == 0.3 and config["dgcm"]["networks"]["curve"] == 0.1
    assert config["spmm"]["networks"]["batch_size"] == "auto" and config["networks"]["batch_size"] == 128
    own = filled({"scm": {"networks": {"epochs": 7, "curve": 0.0}}})
    assert own["scm"]["networks"]["epochs"] == 7 and own["scm"]["networks"]["curve"] == 0.0
    assert own["networks"]["epochs"] == own["dgcm"]["networks"]["epochs"] == 60


def test_no_other_key_moves_a_key_of_another_section():
    plain = dict(leaves(filled({})))
    for place, value in plain.items():
        other = {bool: not value, int: 3, float: 0.25, str: "x"}.get(type(value), ["x"])
        changed: dict = {}
        inside = changed
        for step in place[:-1]:
            inside = inside.setdefault(step, {})
        inside[place[-1]] = other
        moved = {found[0] for found, now in leaves(filled(changed)) if now != plain.get(found, ABSENT)}
        allowed = {"scm", "dgcm", "spmm"} if place[0] == "networks" else set()
        allowed |= {"rvmm"} if place == ("survey", "kind") else set()  # the error floors
        assert moved <= {place[0], *allowed}, place


@pytest.mark.parametrize("kind, floor, giants", [("simulated", 1.5, 2.6), ("files", 3.3, 3.9), ("release", 3.3, 3.9)])
def test_error_floors_depend_on_the_kind_of_survey_by_themselves(kind, floor, giants):
    given = filled({"survey": {"kind": kind}})["rvmm"]["tm"]
    assert (given["error_floor_kms"], given["giant_floor_kms"]) == (floor, giants)
    mine = filled({"survey": {"kind": kind}, "rvmm": {"tm": {"error_floor_kms": 2.0}}})["rvmm"]["tm"]
    assert mine["error_floor_kms"] == 2.0


def test_values_stay_as_they_are_written():
    config = checked({"quality": {"sigma": 3}, "networks": {"noise": 0.5}}, ENGINES)
    assert type(config["quality"]["sigma"]) is int and config["networks"]["noise"] == 0.5
    assert all(not isinstance(value, tuple) for _, value in leaves(config))
    assert checked(config, ENGINES) == config


def test_every_key_says_what_it_does_and_numbers_have_a_range_or_are_free():
    keys = list(keys_of(section_tree()))
    assert len({key.name for key in keys}) == len(keys) > 150
    assert all(len(key.schema["description"]) > 5 for key in keys)
    for key in keys:  # a name with a unit has it as a unit too
        for ending, unit in (("_kms", "km/s"), ("_arcsec", "arcsec"), ("_pixels", "pixel")):
            assert not key.name.endswith(ending) or key.notes["unit"] == unit, key.name


def test_defaults_and_papers_values_are_allowed():
    tree = section_tree()
    config = filled({})
    for key in keys_of(tree):
        if key.paper is not ABSENT:
            inside = config
            for step in key.place[:-1]:
                inside = inside[step]
            inside[key.place[-1]] = key.paper
            assert re.fullmatch(r"(\d(\.\d)+|Fig\. \d+)", key.notes["paper"]["section"]), key.name
    checked(config, ENGINES)


def test_the_papers_overlay_sets_all_that_the_paper_decides():
    overlay = yaml.safe_load(paper_overlay())
    assert (ROOT / "config" / "paper.yaml").read_text() == paper_overlay(), "run make pages"
    config = checked(overlay, ENGINES)
    decided = [key for key in keys_of(section_tree(), inherited=True) if key.paper is not ABSENT]
    assert len(decided) > 40
    for key in decided:
        assert at(config, key.place) == key.paper, key.name
    assert set(dict(leaves(overlay))) <= {key.place for key in decided}


def test_the_page_of_all_keys_is_current():
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert page == configuration_page(engine_models()), "run make pages"
    for key in keys_of(section_tree(engine_models())):
        assert f"| `{key.name.split('.', 2 if key.place[0] == 'engines' else 1)[-1]}` |" in page


def test_the_json_schema_accepts_what_the_check_accepts():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema(ENGINES))
    jsonschema.Draft202012Validator.check_schema(validator.schema)
    assert not list(validator.iter_errors(filled({})))
    assert not list(validator.iter_errors(yaml.safe_load(paper_overlay())))
    draws = rng(1, "schema")
    numbers = [place for place, value in leaves(filled({})) if isinstance(value, int | float)]
    for place in numbers:  # the same verdict on random values of every number
        for value in (int(draws.integers(-3, 200)), float(draws.normal() * 3)):
            config = filled({})
            inside = at(config, place[:-1])
            inside[place[-1]] = value
            try:
                checked(config, ENGINES)
                right = True
            except InputError:
                right = False
            assert validator.is_valid(config) == right, (place, value)


class Settings(BaseModel):
    """An engine's settings, by plain pydantic."""

    model_config = {"extra": "forbid"}
    gamma: float = Field(0.1, gt=0, description="width of the kernel")
    cuts: dict[str, float] = Field(default_factory=dict, description="limits")


def test_engines_bring_their_own_settings():
    engines = {"cnn": None, "slam": Settings}
    config = checked({"parameters": {"also": ["slam"]}, "engines": {"slam": {"cuts": {"teff": 3000.0}}}}, engines)
    assert config["engines"] == {"slam": {"gamma": 0.1, "cuts": {"teff": 3000.0}}}
    with pytest.raises(InputError, match="engines.slam.gama: no such key; did you mean gamma"):
        checked({"engines": {"slam": {"gama": 1.0}}}, engines)
    with pytest.raises(InputError, match="engines.slam.gamma: -1 is not allowed; give a number above 0"):
        checked({"engines": {"slam": {"gamma": -1}}}, engines)
    with pytest.raises(InputError, match="engines.csn: no such engine; there are: slam"):
        checked({"engines": {"csn": {}}}, engines)
    assert json_schema(engines)["properties"]["engines"]["properties"]["slam"]["properties"]["gamma"]["default"] == 0.1
    assert "## `engines.slam`" in configuration_page(engines)


@pytest.mark.parametrize(
    "kind, missing", [("files", ["files.spectra"]), ("release", ["release.spectra", "release.m_catalog"])]
)
def test_a_kind_of_survey_without_its_spectra_is_refused(kind, missing):
    with pytest.raises(InputError) as caught:
        checked({"survey": {"kind": kind}}, ENGINES)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(missing)
    for line, name in zip(lines, missing, strict=True):
        assert name in line and f"must be given where survey.kind is {kind}" in line


def test_all_engines_at_once():
    assert checked({"parameters": {"also": "all"}}, ENGINES)["parameters"]["also"] == "all"


def test_each_section_is_in_one_module_of_at_most_400_lines():
    modules = sorted((ROOT / "src" / "mstars" / "core" / "config").glob("*.py"))
    assert all(len(path.read_text().splitlines()) <= 400 for path in modules)
    assert {model.PLACE for model in SECTIONS.values()} == set(SECTIONS)


def test_the_papers_recipe_alone_sets_its_range_and_takes_templates_as_they_are():
    tm = filled({"rvmm": {"tm": {"recipe": "paper"}}})["rvmm"]["tm"]
    assert (tm["rest_range"], tm["align"], tm["scaling"]) == ([4700, 8899], False, "mean")
    own = filled({"rvmm": {"tm": {"recipe": "paper", "align": True, "rest_range": [6000, 8000]}}})["rvmm"]["tm"]
    assert (own["rest_range"], own["align"]) == ([6000, 8000], True)
    assert filled({})["rvmm"]["tm"]["rest_range"] == [6500, 9000] and filled({})["rvmm"]["tm"]["align"] is True


def test_z_scored_templates_go_with_the_papers_recipe_alone():
    MatchOptions(recipe="paper", scaling="zscore")
    with pytest.raises(InputError, match="zscore goes with recipe: paper"):
        MatchOptions(scaling="zscore")


def test_the_librarys_defaults_are_the_pipelines_for_real_files():
    real = filled({"survey": {"kind": "files"}})
    for model in (MatchOptions, LineOptions, SelectionOptions, Networks, Outliers):
        section = at(real, tuple(model.PLACE.split(".")))
        assert model() == model(**section) and plain(model()) == plain(model(**section)), model.PLACE
    simulated = MatchOptions(**filled({})["rvmm"]["tm"])
    assert simulated == MatchOptions().changed(error_floor_kms=1.5, giant_floor_kms=2.6)


def test_options_made_by_hand_are_checked_too():
    with pytest.raises(InputError, match="rvmm.tm.method: 'guess' is not allowed: Input should be 'pruned' or"):
        MatchOptions(method="guess")
    with pytest.raises(InputError, match="rvmm.tm.clip_sigma: -1 is not allowed: .*greater than or equal to 0"):
        MatchOptions().changed(clip_sigma=-1)
    with pytest.raises(InputError, match=r"rvmm.tm.rest_range: \[9000.0, 6500.0\] runs backwards"):
        MatchOptions(rest_range=[9000, 6500])
    with pytest.raises(InputError, match="networks.architecture: kernels, strides and pools leave nothing"):
        Architecture(pools=(90, 90, 4, 4))
    with pytest.raises(InputError, match="rvmm.lines.sigma: no such key"):
        Rvmm(lines={"sigma": 3})
