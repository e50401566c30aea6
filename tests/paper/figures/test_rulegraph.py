import csv
import re

import pytest
from places import ROOT

from mstars.networks.architecture import Architecture
from mstars.paper.figures.flow import draw_flow
from mstars.paper.figures.network import draw_network, layer_sizes
from mstars.paper.figures.rulegraph import depths, draw_rulegraph, parse_rulegraph, rule_modules
from mstars.paper.figures.style import save
from mstars.paper.numbers import compare_numbers, paper_numbers
from mstars.paper.products import read_products

DOT = """
digraph snakemake_dag {
    graph[bgcolor=white, margin=0];
        0[label = "plan", color = "0.1 0.6 0.85", style="rounded"];
        1[label = "scm_candidates", color = "0.2 0.6 0.85", style="rounded"];
        2[label = "scm_apply", color = "0.3 0.6 0.85", style="rounded"];
        0 -> 1
        1 -> 2
        0 -> 2
}
"""


def test_the_network_is_drawn_with_the_sizes_it_has(tmp_path):
    architecture = Architecture()
    sizes = layer_sizes(architecture.as_dict())
    assert [length for name, _, length in sizes if name.startswith("max-pool")] == architecture.lengths()
    figure = draw_network(architecture.as_dict(), {"CNN-SPT": ["A", "M"], "CNN-TLMA": ["teff"]})
    save(figure, [tmp_path / "a.png"], dpi=50)
    assert any(f"{architecture.n_features} inputs" in text.get_text() for text in figure.axes[0].texts)


def test_the_rule_graph_is_read_and_laid_out_by_module(tmp_path):
    rules, edges = parse_rulegraph(DOT)
    assert rules == ["plan", "scm_candidates", "scm_apply"] and len(edges) == 3
    assert depths(rules, edges) == {"plan": 0, "scm_candidates": 1, "scm_apply": 2}
    assert max(depths(rules, [*edges, ("scm_apply", "plan")]).values()) <= len(rules)  # a circle ends
    modules = rule_modules(ROOT / "workflow" / "rules")
    assert modules["plan"] == "ingest" and modules["scm_apply"] == "scm"
    save(draw_rulegraph(rules, edges, modules), [tmp_path / "a.png"], dpi=50)
    assert "no data" in draw_rulegraph([], [], modules).axes[0].texts[0].get_text()


def test_every_product_of_the_paper_is_listed_with_a_rule_that_exists():
    products = read_products()
    named = [row["product"] for row in products]
    assert named[:25] == [f"fig{number:02d}" for number in range(1, 26)]
    assert named[25:35] == [f"tab{number:02d}" for number in range(1, 11)]
    rules = rule_modules(ROOT / "workflow" / "rules")
    assert not [row for row in products if row["rule"] not in rules]
    assert len({row["target"] for row in products}) == len(products)
    assert {row["group"] for row in products} == {"figures", "paper", "tables"}


def test_without_own_training_nothing_that_needs_it_is_asked_for():
    assert not [row for row in read_products(trained=False) if row["needs"] == "trained"]


@pytest.mark.parametrize("name", ["paper_products.csv", "paper_numbers.csv", "review_labels.csv", "lines.csv"])
def test_resources_have_a_source_and_full_rows(name):
    lines = (ROOT / "resources" / name).read_text().splitlines()
    assert lines[0].startswith("#") and re.search("Li et al", lines[0] + lines[1])
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    assert len({len(row) for row in rows}) == 1


def test_the_flow_shows_our_counts_and_the_papers(tmp_path):
    paper = paper_numbers()
    ours = {key: value / 100 for key, value in zip(paper["key"], paper["paper"], strict=True) if key}
    figure = draw_flow(compare_numbers(ours | {"rv_none": float("nan")}), "a survey")
    save(figure, [tmp_path / "a.png"], dpi=50)
    said = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert "8,761 (876,134)" in said and "no RV: - (89)" in said
    assert "no data" in draw_flow(compare_numbers({}), "nothing").axes[0].texts[0].get_text()
