"""Each number that sections 3 and 4 of the paper tell has a home here, with the paper's value."""

import importlib
import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from made_configs import ENGINES
from places import ROOT

from mstars.core.config.check import checked
from mstars.core.config.documents import ABSENT, keys_of
from mstars.core.config.files import at, leaves
from mstars.core.config.whole import section_tree
from mstars.core.resources import resource, resource_rows
from mstars.paper.numbers import paper_numbers

SENTENCES = resource_rows(resource("papers/li2025_sentences.csv"))


@pytest.fixture(scope="module")
def paper():
    """The config of the paper's run."""
    return checked(yaml.safe_load((ROOT / "config" / "paper.yaml").read_text()), ENGINES)


def plain(value):
    """A value as JSON has it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def value_of(home, config):
    kind, _, rest = home.partition(":")
    if kind == "constant":
        module, _, expression = rest.partition(":")
        return plain(eval(expression, vars(importlib.import_module(module))))
    if kind == "number":
        return float(paper_numbers().set_index("key").loc[rest, "paper"])
    if kind == "table":
        name, column, *only = rest.split(":")
        table = pd.DataFrame(resource_rows(resource(name)))
        for one in only:
            key, _, wanted = one.partition("=")
            table = table[table[key] == wanted]
        return table[column].astype(float).tolist()
    return plain(at(config, tuple(home.split("."))))


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: f"{row['section']} {row['home']}")
def test_a_sentences_number_is_at_its_home(row, paper):
    kind, _, rest = row["home"].partition(":")
    wanted = json.loads(row["value"])
    if kind == "test":
        path, _, name = rest.partition("::")
        assert wanted is None and re.search(rf"^def {name}\b", (ROOT / path).read_text(), re.M)
        return
    found = value_of(row["home"], paper)
    if isinstance(wanted, float | int) and not isinstance(wanted, bool):
        assert found == pytest.approx(wanted, rel=1e-12)
    else:
        assert found == wanted


def test_every_number_of_the_papers_config_has_its_sentence(paper):
    named = {row["home"] for row in SENTENCES}
    decided = [key for key in keys_of(section_tree()) if key.paper is not ABSENT]
    sections = ("3.2", "3.3", "3.4.1", "3.4.2", "3.4.3", "3.4.4", "4.1")
    without = {
        key.name
        for key in decided
        if key.notes["paper"]["section"] in sections and isinstance(key.paper, int | float) and key.name not in named
    }
    assert not without


def test_the_default_differs_where_the_papers_overlay_says_so(paper):
    ours = checked({}, ENGINES)
    overlay = dict(leaves(yaml.safe_load((ROOT / "config" / "paper.yaml").read_text())))
    places = [tuple(row["home"].split(".")) for row in SENTENCES if ":" not in row["home"]]
    assert set(places) <= set(overlay) and any(at(ours, place) != at(paper, place) for place in places)
    for place in places:
        assert at(paper, place) == overlay[place]


def test_sentences_of_all_parts_are_there():
    sections = {row["section"] for row in SENTENCES}
    wanted = {"3.1", "3.2", "3.3", "3.4.1", "3.4.2", "3.4.3", "3.4.4", "4.1", "4.2", "4.2.1", "4.2.2", "4.3"}
    assert wanted <= sections
    assert {f"Table {number}" for number in (3, 5, 6, 7, 8, 10)} <= sections
    assert {"Fig. 6", "Fig. 10", "Fig. 13", "footnote 11"} <= sections
