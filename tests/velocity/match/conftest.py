"""A bank large enough to be pruned."""

import pytest
from made_stars import make_many


@pytest.fixture(scope="module")
def many():
    return make_many()
