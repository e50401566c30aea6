"""`mstars data`: what a config needs, what is there, what comes from archives."""

import json

import pandas as pd
import pytest
import yaml
from faulty_server import FaultyServer
from made_archives import dataverse
from places import ROOT

from mstars.files.json_files import write_json
from mstars.files.tables import write_table
from mstars.ops.cli import main
from mstars.ops.data_command import ANSWER_BYTES


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(config, *options):
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(config))
        code = main(["data", "mine.yaml", "--base", str(ROOT / "config/config.yaml"), *options])
        return code, capsys.readouterr().out

    return run


def row(text, key):
    return next(line.split() for line in text.splitlines() if line.startswith(key))


def test_what_is_there_what_is_missing_and_what_is_not_set(said, tmp_path):
    (tmp_path / "gaia.fits").write_text("x")
    config = {"survey": {"name": "a", "kind": "release"}, "release": {"spectra": "fits", "m_catalog": "m.csv"}}
    code, text = said(config | {"external": {"gaia": "gaia.fits", "allwise": "wise.fits"}})
    assert code == 1
    states = {key: row(text, key)[1] for key in ("external.gaia", "external.allwise", "external.apogee")}
    assert states == {"external.gaia": "there", "external.allwise": "missing", "external.apogee": "none"}
    assert "missing: release.m_catalog, release.spectra, external.allwise; give a path" in text


def test_what_is_fetched_is_told_with_its_bytes_and_hours(said, tmp_path):
    (tmp_path / "allStar.fits").write_bytes(b"x" * 2_000_000)
    listed = pd.DataFrame({"spectrum_key": [str(number) for number in range(40_000)]})
    write_table(listed, tmp_path / "results/a/archives/lamost/spectra.parquet")
    with FaultyServer(tmp_path).running() as server:
        acquire = {"fetch": ["lamost", "apogee", "gaia"], "apogee": [f"{server.url}/allStar.fits"]}
        acquire["lamost"] = {"catalogue_url": server.url + "/{name}", "m_catalog": "m.fits.gz", "general_catalog": None}
        config = {"survey": {"name": "a", "kind": "release"}, "acquire": acquire}
        code, text = said(config, "--ask", "--rate", "1")
    assert code == 0 and "missing" not in text
    assert row(text, "external.apogee")[1:3] == ["fetch", "2.0"]
    assert row(text, "release.spectra")[1:3] == ["fetch", "2000.0"]  # 40,000 of 0.05 MB
    assert "to fetch: 2.00 GB" in text and "0.6 hours at 1 MB/s" in text
    assert json.dumps(text).count("token") == 0


def test_sizes_are_published_ones_or_follow_from_the_cells_that_are_left(said, tmp_path):
    config = {"survey": {"name": "a", "kind": "release"}, "release": {"spectra": "fits", "m_catalog": "m.csv"}}
    wanted = ["gaia", "starhorse", "dust_map", "apogee_dr17", "binaries", "qiu2023"]
    config["acquire"] = {"fetch": wanted}
    code, text = said(config)
    assert code == 1 and row(text, "external.dust_map")[1:3] == ["fetch", "730.0"]
    assert row(text, "apogee_dr17")[2] == "2500.0" and row(text, "binaries")[2] == "190.0"
    assert row(text, "external.gaia")[2] == f"{876_134 * ANSWER_BYTES['gaia'] / 1e6:.1f}"
    assert row(text, "acquire.identifiers.qiu2023")[1] == "missing" and "Qiu et al. 2023, RAA 23, 055008" in text
    write_json({"a": {"n_spectra": 2_000_000}, "b": {"n_spectra": 1_000_000}}, tmp_path / "results/a/plan/cells.json")
    for name in ("gaia/a", "gaia/b", "starhorse/a"):
        write_table(pd.DataFrame({"source_id": [1]}), tmp_path / f"results/a/archives/{name}.parquet")
    config["acquire"]["identifiers"] = {"qiu2023": "J/A+A/1/2/t"}
    (tmp_path / "pairs.csv").write_text("source_id1,source_id2")
    code, text = said(config | {"compare": {"binaries": "pairs.csv"}})
    assert row(text, "external.gaia")[1] == "there" and "binaries " not in text
    assert row(text, "starhorse")[1:3] == ["fetch", f"{ANSWER_BYTES['starhorse']:.1f}"] and "1 of 2 there" in text
    assert row(text, "qiu2023")[1] == "fetch" and "-source=J/A+A/1/2/t" in text


def test_the_size_of_the_dust_map_is_asked_of_the_dataverse(said, tmp_path):
    (tmp_path / "map").write_bytes(b"x" * 1_500_000)
    with FaultyServer(tmp_path, lookup=dataverse(tmp_path, tmp_path / "map")).running() as server:
        config = {"survey": {"name": "a", "kind": "files"}, "files": {"spectra": "map"}}
        config["acquire"] = {"fetch": ["dust_map"], "dataverse": server.url}
        assert row(said(config, "--ask")[1], "external.dust_map")[2] == "1.5"
        server.faults["*"] = ["gone"]
        assert row(said(config, "--ask")[1], "external.dust_map")[2] == "730.0"  # as published
