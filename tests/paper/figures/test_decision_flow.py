"""Figure 1: the flowcharts say what the config says."""

import pytest
import yaml
from places import ROOT

from mstars.core.config.whole import filled, merged
from mstars.engines.registry import engine_models
from mstars.paper.figures.decision_flow import decision_panels, draw_decisions
from mstars.paper.figures.style import save


def config(**changes):
    paper = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text())
    return filled(merged(paper, changes), engine_models())


def text_of(panels):
    return " ".join(" ".join(node.text.split()) for panel in panels for node in panel.nodes.values())


def test_the_papers_flow_has_its_numbers(tmp_path):
    panels = decision_panels(config())
    assert [panel.title[:3] for panel in panels] == ["(0)", "(1)", "(2)", "(3)", "(4)"]
    said = text_of(panels)
    for words in (
        "CNN-SPT 8 classes",
        "within 3 arcsec",
        "50000 of them checked",
        "LAMOST within 3 sigma?",
        "within 2 sigma (of these)?",
        "|RV| > 150 km/s?",
        "until 20 km/s",
        "10 CNN-TLMA each for dM, gM",
        "error within 3 sigma (Eq. 4)?",
    ):
        assert words in said
    assert "ZrO" not in said and "consensus" not in said
    save(draw_decisions(config()), [tmp_path / "a.png"], dpi=50)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scm": {"ood": {"use": "votes"}}}, "score > 1, or an S star?"),
        ({"scm": {"k_prediction": "candidate"}}, "not M?"),
        ({"review": {"mode": "provisional"}}, "people decide, else the consensus"),
        ({"rvmm": {"selection": {"dsal_band": "all", "dsal_sigma": 2.5}}}, "within 2.5 sigma (of all)?"),
        ({"quality": {"ranges": "recomputed"}}, "in ranges of own members?"),
        ({"parameters": {"engine": "ridge"}}, "engine ridge for dM, gM"),
    ],
)
def test_another_config_is_drawn_as_it_is(changes, words):
    assert words in text_of(decision_panels(config(**changes)))


def test_every_box_has_a_way_to_it():
    for panel in decision_panels(config()):
        ends = {edge.end for edge in panel.edges}
        assert {name for name in panel.nodes if name not in ends} <= {f"v{number}" for number in range(4)}
        assert {name for edge in panel.edges for name in edge[:2]} <= set(panel.nodes)
