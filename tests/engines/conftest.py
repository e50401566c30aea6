"""Engines trained once for all tests here."""

import pytest
from made_engines import train_engine


@pytest.fixture(scope="session")
def trained_engine(tmp_path_factory):
    """A function: the engine of a name with its models (`made_engines.Trained`)."""
    found = {}

    def get(name):
        if name not in found:
            found[name] = train_engine(name, tmp_path_factory.mktemp(name))
        return found[name]

    return get
