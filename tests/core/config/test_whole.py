"""Values in force: defaults, inheritance, the kind of survey."""

import pytest

from mstars.core.config.documents import ABSENT
from mstars.core.config.files import at, leaves
from mstars.core.config.keys import plain
from mstars.core.config.line_velocities import LineOptions
from mstars.core.config.networks import Architecture, Networks
from mstars.core.config.outputs import Outliers
from mstars.core.config.template_matching import MatchOptions
from mstars.core.config.velocities import Rvmm
from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.config.whole import filled, inheriting, section_tree
from mstars.core.errors import InputError


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


def test_the_papers_recipe_alone_sets_its_range_and_takes_templates_as_they_are():
    tm = filled({"rvmm": {"tm": {"recipe": "paper"}}})["rvmm"]["tm"]
    assert (tm["rest_range"], tm["align"], tm["scaling"]) == ([4700, 8899], False, "mean")
    own = filled({"rvmm": {"tm": {"recipe": "paper", "align": True, "rest_range": [6000, 8000]}}})["rvmm"]["tm"]
    assert (own["rest_range"], own["align"]) == ([6000, 8000], True)
    assert filled({})["rvmm"]["tm"]["rest_range"] == [6500, 9000] and filled({})["rvmm"]["tm"]["align"] is True


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
