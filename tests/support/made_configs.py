"""Configs, as files and as the command line gives them."""

from places import ROOT

from mstars.core.config.check import checked
from mstars.core.config.files import layers_of
from mstars.core.config.whole import merged

ENGINES = {"cnn": None}

BASE = ROOT / "config" / "config.yaml"


def check(text, tmp_path, name="mine.yaml"):
    """The config with the text as an overlay of the shipped one."""
    (tmp_path / name).write_text(text)
    layers = layers_of(BASE, [tmp_path / name], {})
    config = merged(dict(layers[0].values), dict(layers[1].values))
    return checked(config, ENGINES, layers, base=str(BASE))
