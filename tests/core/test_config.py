import pytest
import yaml
from places import ROOT

from mstars.core.config import check_config, training_section
from mstars.core.errors import InputError


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def test_the_shipped_config_is_valid(config):
    check_config(config)


def test_an_unknown_key_is_named_with_the_known_ones(config):
    config["plan"]["plates_per_bach"] = 3
    with pytest.raises(InputError, match="plan: unknown key 'plates_per_bach'; known keys: min_spectra, plates"):
        check_config(config)


def test_a_wrong_value_is_named_with_what_is_allowed(config):
    config["survey"]["kind"] = "galaxy"
    with pytest.raises(InputError, match="survey.kind: 'galaxy' is not one of 'simulated', 'files', 'release'"):
        check_config(config)


def test_a_missing_key_is_named(config):
    del config["survey"]["seed"]
    with pytest.raises(InputError, match="survey: missing key 'seed'"):
        check_config(config)


def test_classifiers_learn_with_the_curves_of_their_module():
    config = {"networks": {"curve": 0.0, "epochs": 3}, "scm": {"curve": 0.3}}
    for task in ("spt", "spt9", "wdm"):
        assert training_section(config, task) == {"curve": 0.3, "epochs": 3}
    assert training_section(config, "dmgm") == config["networks"]
    assert training_section(config | {"scm": {"curve": None}}, "spt") == config["networks"]
