"""Values of the command line."""

import pytest
from made_configs import BASE, ENGINES

from mstars.core.config.check import checked
from mstars.core.config.command_line import typed
from mstars.core.config.files import layers_of
from mstars.core.config.whole import merged, section_tree
from mstars.core.errors import InputError


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
