"""A bank of made-up templates."""

import pytest
from made_stars import KINDS, REST, TEMPLATES

from mstars.velocity.match.make_bank import make_bank


@pytest.fixture(scope="module")
def bank():
    return make_bank(REST, TEMPLATES, [f"t{k}" for k in range(len(KINDS))], spectral_class=["M"] * len(KINDS))
