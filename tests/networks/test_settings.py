"""Settings of a training."""

import pytest

from mstars.core.errors import InputError
from mstars.networks.settings import Settings


def test_settings_from_config_name_an_unknown_key():
    section = {"epochs": 3, "architecture": {"channels": [4, 4, 4, 4]}}
    assert Settings.from_config(section, epochs=5).epochs == 5
    with pytest.raises(InputError, match="speed"):
        Settings.from_config(section | {"speed": 3})
