"""The config is checked against its schema before anything runs."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import yaml

from mstars.core.errors import InputError

SCHEMA = Path(__file__).resolve().parents[3] / "workflow" / "schemas" / "config.schema.yaml"


def check_config(config: dict) -> None:
    """Refuse a config with unknown, missing or absurd keys.

    Raises
    ------
    InputError
        Names each key, its value and what is allowed.
    """
    # libyaml where PyYAML was built with it: every start of Snakemake, also a job's, reads the schema
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    validator = jsonschema.Draft202012Validator(yaml.load(SCHEMA.read_text(), Loader=loader))
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        lines = "\n".join(f"  {_describe(error)}" for error in errors)
        raise InputError(f"config:\n{lines}\nconfig/config.yaml documents every key")


def training_section(config: dict, task: str) -> dict:
    """Section ``networks`` for a classifier; CNN-SPT and CNN-WDM with the augmentation of section ``scm``."""
    curve = None if task == "dmgm" else config["scm"]["curve"]
    return config["networks"] if curve is None else {**config["networks"], "curve": curve}


def _describe(error: jsonschema.ValidationError) -> str:
    key = ".".join(map(str, error.absolute_path)) or "(top level)"
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known))
        return f"{key}: unknown key {', '.join(map(repr, unknown))}; known keys: {', '.join(known)}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{key}: missing key {', '.join(map(repr, missing))}"
    if error.validator == "enum":
        return f"{key}: {error.instance!r} is not one of {', '.join(map(repr, error.validator_value))}"
    return f"{key}: {error.instance!r} is not allowed: {error.message}"
