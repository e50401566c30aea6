"""What is written from the config's models."""

import re

import pytest
import yaml
from made_configs import ENGINES
from places import ROOT

from mstars.core.config.check import checked
from mstars.core.config.documents import ABSENT, configuration_page, json_schema, keys_of, paper_overlay
from mstars.core.config.files import at, leaves
from mstars.core.config.whole import SECTIONS, filled, section_tree
from mstars.core.errors import InputError
from mstars.core.randomness import rng
from mstars.engines.registry import engine_models


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


def test_each_section_is_in_one_module_of_at_most_400_lines():
    modules = sorted((ROOT / "src" / "mstars" / "core" / "config").glob("*.py"))
    assert all(len(path.read_text().splitlines()) <= 400 for path in modules)
    assert {model.PLACE for model in SECTIONS.values()} == set(SECTIONS)
