import shutil

import pytest
import yaml
from places import ROOT

from mstars.core.config.files import at, leaves
from mstars.core.config.whole import filled
from mstars.engines.registry import engine_models
from mstars.ops.cli import main
from mstars.ops.config_command import documents

MINE = "survey: {name: mine, kind: files}\nfiles: {spectra: mine}\nnetworks: {epochs: 9}\nrvmm: {tm: {weights: none}}\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    (tmp_path / "mine.yaml").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(capsys, *arguments):
    assert main(["config", *arguments]) == 0
    return capsys.readouterr().out


def comment(text, key):
    line = next(line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
    return line.partition("  # ")[2]


def test_it_prints_all_that_is_in_force_as_yaml(place, capsys):
    text = printed(capsys, "mine.yaml")
    changes = yaml.safe_load(MINE)
    wanted = filled(changes, engine_models())
    assert yaml.safe_load(text) == wanted


def test_it_says_where_each_value_comes_from(place, capsys):
    text = printed(capsys, "mine.yaml")
    assert comment(text, "kind") == "mine.yaml"
    assert comment(text, "seed") == "config/config.yaml"
    assert comment(text, "weights") == "mine.yaml"
    assert comment(text, "min_pixels") == ""
    text = printed(capsys, "mine.yaml", "--key", "dgcm.networks")
    assert comment(text, "epochs") == "networks from mine.yaml" and comment(text, "batch_size") == "networks"
    assert comment(text, "average") == "networks; paper (3.3): 0.0"


def test_it_says_what_depends_on_the_kind_of_survey(place, capsys):
    assert comment(printed(capsys), "error_floor_kms") == "as survey.kind is simulated"
    assert comment(printed(capsys, "mine.yaml"), "error_floor_kms") == ""


def test_only_what_differs_from_the_defaults(place, capsys):
    changes = yaml.safe_load(printed(capsys, "mine.yaml", "--changed"))
    epochs = {"networks": {"epochs": 9}}
    assert changes == yaml.safe_load(MINE) | {"scm": epochs, "dgcm": epochs, "spmm": epochs}
    assert printed(capsys, "--changed").strip() == ""


def test_only_what_differs_from_the_paper(place, capsys):
    found = dict(leaves(yaml.safe_load(printed(capsys, "--paper"))))
    assert ("rvmm", "tm", "recipe") in found and ("spmm", "folds") not in found
    assert printed(capsys, "config/paper.yaml", "--paper").strip() == ""


def test_one_section_or_key_and_a_wrong_name(place, capsys):
    assert yaml.safe_load(printed(capsys, "--key", "rvmm.lines.min_significance")) == {
        "rvmm": {"lines": {"min_significance": 3}}
    }
    assert main(["config", "--key", "rvmm.line"]) == 1
    assert "rvmm.line: no such section or key; did you mean rvmm.lines?" in capsys.readouterr().err


def test_what_is_wrong_is_told(place, capsys):
    (place / "bad.yaml").write_text("survey: {kind: galaxy}")
    assert main(["config", "mine.yaml", "bad.yaml"]) == 1
    said = capsys.readouterr().err
    assert "bad.yaml: survey.kind: 'galaxy' is not allowed" in said
    assert "mine.yaml, bad.yaml: survey.kind: one says" in said


@pytest.mark.parametrize("inner", ["[{}]", "{{{}}}"])
def test_aliases_that_stand_for_too_much_are_refused(inner, place, capsys):
    pairs = inner.startswith("{")
    lines = [f"a0: &a0 {inner.format('x: 1' if pairs else '1')}"]
    for number in range(1, 10):
        values = [f"k{k}: *a{number - 1}" if pairs else f"*a{number - 1}" for k in range(10)]
        lines.append(f"a{number}: &a{number} {inner.format(', '.join(values))}")
    (place / "many.yaml").write_text("\n".join(lines))
    assert main(["config", "many.yaml"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "many.yaml: not a config file: stands for more than 100000 values" in said


def test_it_works_without_a_config_at_hand(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = printed(capsys)
    assert at(yaml.safe_load(text), ("spmm", "folds")) == 10 and comment(text, "folds") == ""


def test_the_documents_are_written_and_current(tmp_path, capsys):
    printed(capsys, "--write-docs", str(tmp_path))
    for name, text in documents().items():
        assert (tmp_path / name).read_text() == text == (ROOT / name).read_text(), "run make pages"


def test_the_schema_is_json(capsys):
    schema = yaml.safe_load(printed(capsys, "--schema"))
    assert schema["properties"]["spmm"]["properties"]["folds"]["maximum"] == 100
