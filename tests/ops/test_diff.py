"""Differences of two versions of a catalogue."""

import pandas as pd
import pytest

from mstars.files.json_files import write_json
from mstars.files.tables import write_table
from mstars.ops import cli
from mstars.ops.diff import changes, group_of, read_version

OLD = pd.DataFrame(
    {
        "spectrum_key": list("abcdef"),
        "rv": [1.0, 2.0, float("nan"), 4.0, 5.0, 6.0],
        "rv_from": ["TM", "TM", "", "TM", "TM", "TM"],
        "teff": [3500.0, 3400.0, 3300.0, 3200.0, 3100.0, 3000.0],
        "luminosity_class": ["dM"] * 6,
        "review_status": ["", "provisional", "", "", "", ""],
    }
)


@pytest.fixture
def folders(tmp_path):
    new = OLD.copy()
    new.loc[0, ["rv", "rv_from", "teff"]] = [9.0, "LAMOST", 3510.0]
    new.loc[1, ["luminosity_class", "review_status"]] = ["gM", "reviewed"]
    new.loc[3, "teff"] = 3201.0
    new = pd.concat([new.drop(index=[4, 5]), OLD.iloc[[0]].assign(spectrum_key="n")])
    for name, table, trained in (("old", OLD, "one"), ("new", new, "two")):
        write_table(table, tmp_path / name / "catalogs/recommended.parquet")
        write_json({"about": {"training_set": trained}}, tmp_path / name / "models/tlma_dM/fold0/model.json")
    gone = pd.DataFrame({"spectrum_key": ["e"], "reason": ["galaxy"]})
    write_table(gone, tmp_path / "new/catalogs/non_m_catalog_v1.parquet")
    return tmp_path / "old", tmp_path / "new"


def test_each_change_has_its_reason(folders):
    table = changes(*map(read_version, folders)).set_index(["spectrum_key", "field"])
    why = table["why"].to_dict()
    assert why == {
        ("a", "rv"): "rv_from: TM -> LAMOST",
        ("a", "rv_from"): "rv_from: TM -> LAMOST",
        ("a", "teff"): "models trained anew: tlma_dM",
        ("b", "luminosity_class"): "review_status: provisional -> reviewed",
        ("b", "review_status"): "review_status: provisional -> reviewed",
        ("d", "teff"): "models trained anew: tlma_dM",
        ("e", ""): "not an M star: galaxy",
        ("f", ""): "not in the new version's input",
        ("n", ""): "new spectrum",
    }
    assert table.loc[("a", "teff"), ["old", "new"]].tolist() == ["3500.0", "3510.0"]


def test_a_change_rests_on_an_earlier_one_where_models_are_the_same(folders):
    old, new = map(read_version, folders)
    new.models = old.models
    why = changes(old, new).set_index(["spectrum_key", "field"])["why"]
    assert why["a", "teff"] == "velocity changed" and why["d", "teff"] == "parameters remade"


def test_the_same_twice_is_no_change(folders, capsys):
    assert cli.main(["diff", str(folders[0]), str(folders[0])]) == 0
    assert "nothing changed" in capsys.readouterr().out


def test_output_and_fields(folders, tmp_path):
    out = tmp_path / "changes.csv"
    assert cli.main(["diff", *map(str, folders), "--fields", "teff", "--output", str(out)]) == 0
    assert set(pd.read_csv(out)["field"].dropna()) == {"teff"}


def test_messages(folders, tmp_path, capsys):
    assert cli.main(["diff", str(tmp_path), str(folders[0])]) == 1
    assert "holds no catalogs/recommended.parquet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("column", "group"),
    [
        ("rv_flag", "velocity"),
        ("z", "spectrum"),
        ("teff_err", "parameters"),
        ("CMD_pos", "crossmatch"),
        ("zeta", "other"),
    ],
)
def test_groups(column, group):
    assert group_of(column) == group
