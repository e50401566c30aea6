"""The paper's settings as an overlay, beside ours."""

from pathlib import Path

import yaml

from mstars.core.config.check import checked
from mstars.core.config.keys import plain
from mstars.engines.csn.settings import CsnSettings
from mstars.engines.registry import engine_models

ROOT = Path(__file__).parents[3]


def test_the_overlay_is_the_paper_s_recipe():
    overlay = yaml.safe_load((ROOT / "config" / "zhang2025.yaml").read_text())
    paper, ours = checked(overlay, engine_models())["engines"]["csn"], CsnSettings().model_dump()
    differs = {
        (section, name)
        for section in ("normalisation", "sample", "population", "network", "fit", "catalogue")
        for name, value in paper[section].items()
        if plain(value) != plain(ours[section][name])
    }
    widths = {"domain", "shared", "split", "critic_spectrum", "critic_latent"}
    sizes = widths | {"recipe", "iterations", "learning_rate", "decay", "decay_factor", "checkpoint", "judged"}
    assert differs - {("network", name) for name in sizes} == {
        ("normalisation", "pixels"), ("sample", "beyond"), ("population", "teff"), ("population", "reference"),
        ("network", "weights"), ("network", "adversarial"), ("network", "start"), ("network", "alignment"),
        ("network", "average"), ("fit", "optimiser"), ("fit", "transfer"), ("fit", "alpha"), ("fit", "rv"),
        ("catalogue", "repeats"),
    }  # fmt: skip
    assert paper["network"]["iterations"] == 500000 and paper["emulator"]["loss"] == "l1"
