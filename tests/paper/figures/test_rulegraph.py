"""The rule graph."""

import pytest
from places import ROOT

from mstars.core.errors import InputError
from mstars.paper.figures.rulegraph import ask_rulegraph, depths, draw_rulegraph, parse_rulegraph, rule_modules
from mstars.paper.figures.style import save

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


def test_the_rule_graph_is_read_and_laid_out_by_module(tmp_path):
    rules, edges = parse_rulegraph(DOT)
    assert rules == ["plan", "scm_candidates", "scm_apply"] and len(edges) == 3
    assert depths(rules, edges) == {"plan": 0, "scm_candidates": 1, "scm_apply": 2}
    assert max(depths(rules, [*edges, ("scm_apply", "plan")]).values()) <= len(rules)  # a circle ends
    modules = rule_modules(ROOT / "workflow" / "rules")
    assert modules["plan"] == "ingest" and modules["scm_apply"] == "scm"
    save(draw_rulegraph(rules, edges, modules), [tmp_path / "a.png"], dpi=50)
    assert "no data" in draw_rulegraph([], [], modules).axes[0].texts[0].get_text()


def test_snakemake_tells_the_rules_that_a_target_needs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rules = "rule first:\n    output: config['name']\n    shell: 'touch {output}'\n"
    rules += "rule second:\n    input: config['name']\n    output: 'b'\n    shell: 'touch {output}'\n"
    (tmp_path / "Snakefile").write_text(rules)
    found, edges = ask_rulegraph(tmp_path / "Snakefile", {"name": "a"}, "second")
    assert sorted(found) == ["first", "second"] and edges == [("first", "second")]
    with pytest.raises(InputError, match="snakemake --rulegraph: "):
        ask_rulegraph(tmp_path / "Snakefile", {"name": "a"}, "third")
