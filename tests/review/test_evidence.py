"""What a queue shows of each spectrum."""

import numpy as np
import pandas as pd
import pytest
from made_queues import KEYS

from mstars.core.errors import InputError
from mstars.review.evidence import marks, with_evidence
from mstars.review.pictures import _combs
from mstars.spectra.wavelengths import rest_wavelength


def test_features_are_marked_in_vacuum_and_shifted():
    features = marks("dgcm")
    assert features.loc[features["name"] == "K I", "lower"].tolist() == pytest.approx([7667.1, 7701.1], abs=0.1)
    assert len(marks("rv")) == 16
    x, y = _combs(features, 100.0, (7600, 7720))
    assert len(x) == 6 and rest_wavelength(x[0], 100.0) == pytest.approx(features["lower"][1])
    assert list(_combs(features, np.nan, (7600, 7720))) == [[], []] and np.isnan(y[2])


def test_evidence_is_joined_once_and_a_missing_spectrum_is_named(index):
    table = pd.DataFrame({"spectrum_key": KEYS, "snri": 5.0})
    catalog = pd.DataFrame({"spectrum_key": KEYS, "snri": 9.0, "subclass": "dM3", "path": "secret"})
    joined = with_evidence(table, [catalog, index])
    assert joined["snri"].eq(5).all() and joined["subclass"].eq("dM3").all() and "path" not in joined
    with pytest.raises(InputError, match=f"no stored spectrum of candidate {KEYS[2]}"):
        with_evidence(table, [catalog, index.iloc[:2]])
