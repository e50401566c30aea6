"""A store of a few spectra and their index."""

import pandas as pd
import pytest
from made_queues import KEYS


@pytest.fixture
def index():
    return pd.DataFrame({"spectrum_key": KEYS, "batch": "b1", "row": range(3)})
