"""The paper's settings as an overlay, and what each of its options does beside ours."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from made_golden import make_candidates

from mstars.core.config.check import checked
from mstars.core.config.keys import plain
from mstars.engines.laspm.golden.clusters import KEPT, clean_by_clusters
from mstars.engines.laspm.golden.sample import after_review, cluster_candidates, finish_sample
from mstars.engines.laspm.settings import LaspmSettings
from mstars.engines.registry import engine_models

ROOT = Path(__file__).parents[4]
OURS = LaspmSettings().model_dump()
NAMES = ["teff", "logg", "m_h"]


@pytest.fixture(scope="module")
def paper():
    overlay = yaml.safe_load((ROOT / "config" / "du2024.yaml").read_text())
    return checked(overlay, engine_models())["engines"]["laspm"]


def test_the_overlay_is_the_paper_s_recipe(paper):
    golden = paper["golden"]
    assert golden["selection"]["gM"]["distance_pc"] == 5000 and golden["clusters"]["eps"] == "paper"
    differs = {
        (section, name)
        for section in ("clusters", "doubles", "network", "labels")
        for name, value in golden[section].items()
        if plain(value) != plain(OURS["golden"][section][name])
    }
    assert differs == {
        ("clusters", "recalibrate"), ("clusters", "leave_out"), ("clusters", "eps"), ("doubles", "sigma"),
        ("network", "steps"), ("network", "test"), ("network", "limit_sigma"),
    }  # fmt: skip
    assert (paper["weights"], paper["use"], paper["library_noise"]) == ("fit", "all", "none")


def test_at_the_paper_s_radius_only_spectra_of_little_noise_make_clusters():
    """1 in flux over its mean is 1.6 % a pixel."""
    kept = {}
    for name, snr in (("bright", (150, 300)), ("usual", (20, 40))):
        table, spectra, _ = make_candidates(400, bad=0, snr=snr)
        settings = OURS["golden"]["clusters"] | {"bins": (60, 0.06, 0.1), "recalibrate_order": 2}
        for eps in ("paper", "auto"):
            found = clean_by_clusters(
                spectra, table[NAMES].to_numpy(), table["snri"].to_numpy(), settings | {"eps": eps}
            )
            kept[name, eps] = (found.status == KEPT).mean()
    assert kept["usual", "paper"] == 0 and kept["usual", "auto"] > 0.3
    assert kept["bright", "auto"] > 0.3


def test_the_network_of_the_paper_tests_some_stars_twice_and_others_never():
    table, spectra, _ = make_candidates(400, bad=0)
    counts = {}
    for test in ("random", "rotating"):
        golden = OURS["golden"]
        settings = golden | {
            "clusters": golden["clusters"] | {"bins": (150, 0.1, 0.15), "keep": 30},
            "network": golden["network"] | {"steps": 60, "hidden": (32,), "test": test, "limit": (9e9, 9e9, 9e9)},
        }
        clustered = cluster_candidates(table, spectra, settings)
        decisions = clustered.queue.rename(columns={"consensus_label": "label"}).assign(review_status="provisional")
        found = finish_sample(
            table, spectra, after_review(clustered.table, decisions), settings, np.random.default_rng(1)
        )
        counts[test] = found.fates.loc[found.members, "predicted_teff"].notna().mean()
    assert counts["rotating"] == 1 and counts["random"] < 0.8


def test_without_the_step_for_doubles_none_leaves_for_a_second_star(paper):
    table, spectra, what = make_candidates(500, bad=60)
    stages = {}
    for name, doubles in (("paper", paper["golden"]["doubles"]), ("ours", OURS["golden"]["doubles"])):
        golden = OURS["golden"]
        settings = golden | {
            "clusters": golden["clusters"] | {"bins": (150, 0.1, 0.15), "keep": 30},
            "network": golden["network"] | {"rounds": 0},
            "doubles": doubles,
        }
        clustered = cluster_candidates(table, spectra, settings)
        decisions = clustered.queue.rename(columns={"consensus_label": "label"}).assign(review_status="provisional")
        found = finish_sample(
            table, spectra, after_review(clustered.table, decisions), settings, np.random.default_rng(1)
        )
        stages[name] = (found.fates["stage"] != "member").to_numpy()[what == "double"].mean()
    assert stages["ours"] >= 0.9 > stages["paper"]
