"""The list of the paper's products."""

import csv
import re

import pytest
from places import ROOT

from mstars.paper.figures.rulegraph import rule_modules
from mstars.paper.figures_and_tables import read_figures_and_tables


def test_every_product_of_the_paper_is_listed_with_a_rule_that_exists():
    products = [row for row in read_figures_and_tables() if row["paper"] == "li2025"]
    named = list(dict.fromkeys(row["product"] for row in products))
    assert named[:25] == [f"fig{number:02d}" for number in range(1, 26)]
    assert named[25:35] == [f"tab{number:02d}" for number in range(1, 11)]
    rules = rule_modules(ROOT / "workflow" / "rules")
    assert not [row for row in products if row["rule"] not in rules]
    assert len({row["target"] for row in products}) == len(products)
    assert {row["group"] for row in products} == {"figures", "paper", "tables"}


def test_every_product_of_other_papers_has_an_engine_and_a_rule_that_exists():
    products = [row for row in read_figures_and_tables() if row["paper"] != "li2025"]
    rules = rule_modules(ROOT / "workflow" / "rules")
    assert products and all(row["engine"] and row["rule"] in rules for row in products)
    assert len({row["target"] for row in products}) == len(products)


def test_without_own_training_nothing_that_needs_it_is_asked_for():
    assert not [row for row in read_figures_and_tables(trained=False) if row["needs"] == "trained"]


def test_products_of_an_engine_are_asked_for_only_where_it_is_enabled():
    every, others = read_figures_and_tables(), read_figures_and_tables(engines=["ridge"])
    left_out = {(row["paper"], row["product"]) for row in every} - {(row["paper"], row["product"]) for row in others}
    assert {name for paper, name in left_out if paper == "li2025"} == {"fig02", "fig12", "tab08"}
    assert {paper for paper, _ in left_out} >= {"zhang2025"}
    assert read_figures_and_tables(engines=["cnn"]) == [row for row in every if row["engine"] in ("", "cnn")]


@pytest.mark.parametrize(
    "name",
    [
        *("papers/li2025_products.csv", "papers/li2025_numbers.csv", "review_labels.csv", "lines.csv"),
        *("papers/zhang2025_products.csv", "papers/zhang2025_numbers.csv"),
    ],
)
def test_resources_have_a_source_and_full_rows(name):
    lines = (ROOT / "resources" / name).read_text().splitlines()
    assert lines[0].startswith("#") and re.search("Li et al|Zhang et al", lines[0] + lines[1])
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    assert len({len(row) for row in rows}) == 1
