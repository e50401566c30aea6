"""What a queue shows of each spectrum."""

import pandas as pd
import pytest
from made_queues import KEYS

from mstars.core.errors import InputError
from mstars.review.evidence import marks, with_evidence


def test_features_are_marked_in_vacuum():
    features = marks("dgcm")
    assert features.loc[features["name"] == "K I", "lower"].tolist() == pytest.approx([7667.1, 7701.1], abs=0.1)
    assert len(marks("rv")) == 16


def test_evidence_is_joined_once_and_a_missing_spectrum_is_named(index):
    table = pd.DataFrame({"spectrum_key": KEYS, "snri": 5.0})
    catalog = pd.DataFrame({"spectrum_key": KEYS, "snri": 9.0, "subclass": "dM3", "path": "secret"})
    joined = with_evidence(table, [catalog, index])
    assert joined["snri"].eq(5).all() and joined["subclass"].eq("dM3").all() and "path" not in joined
    with pytest.raises(InputError, match=f"no stored spectrum of candidate {KEYS[2]}"):
        with_evidence(table, [catalog, index.iloc[:2]])
