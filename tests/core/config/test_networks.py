"""Settings of a training: the config's own models."""

import pytest

from mstars.core.config.networks import Architecture, Networks
from mstars.core.config.whole import filled
from mstars.core.errors import InputError


def test_settings_of_a_config_and_wrong_ones():
    settings = Networks(**filled({"networks": {"epochs": 5}})["scm"]["networks"])
    assert settings.epochs == 5 and settings.curve == 0.3 and settings.architecture == Architecture()
    with pytest.raises(InputError, match="networks.speed: no such key"):
        Networks(speed=3)
    with pytest.raises(InputError, match="networks.precision: 'fp64' is not allowed: Input should be 'fp32' or 'bf16'"):
        Networks(precision="fp64")
    with pytest.raises(InputError, match="networks.average: 1.0 is not allowed: Input should be less than 1"):
        settings.changed(average=1.0)


def test_the_librarys_defaults_are_the_pipelines():
    assert Networks() == Networks(**filled({})["networks"])
