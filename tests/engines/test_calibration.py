"""Which engines have learnt the same labels, whose errors are then the same."""

import numpy as np
import pandas as pd
import pytest

from mstars.engines.calibration import calibrate_kind, label_errors_found
from mstars.engines.registry import engine_info

N = 1200
FOUND = {"teff": {"label_error": 18.0}, "logg": {"label_error": 0.0}, "m_h": {"label_error": 0.01}}
LABELS = ("teff", "logg", "m_h", "alpha_m")


@pytest.fixture
def table():
    """Labelled stars of an engine whose own errors are 45 K and 0.045, of labels that are off by 18 K and 0.018."""
    generator = np.random.default_rng(3)
    own = pd.DataFrame({"spectrum_key": [f"{k:05d}" for k in range(N)], "snri": generator.uniform(20, 150, N)})
    for label in LABELS:
        size = 1.0 if label == "teff" else 1e-3
        own[f"{label}_true"] = (3500.0 if label == "teff" else 0.0) + 200 * size * generator.normal(size=N)
        own[f"{label}_oof"] = own[f"{label}_true"] + size * generator.normal(0, np.hypot(45, 18), N)
        own[f"{label}_spread"], own[f"{label}_label_err"] = 0.0, 70 * size
    own.loc[7, "teff_label_err"] = np.nan
    return own


def test_labels_are_the_same_where_values_and_quoted_errors_are(table):
    other = table.iloc[::-1].assign(snri=1.0)
    assert label_errors_found(table, other, FOUND, LABELS) == {"teff": 18.0, "m_h": 0.01}  # none found for log g
    for column in ("m_h_true", "m_h_label_err"):
        changed = other.assign(**{column: other[column] + 1e-3 * (other["spectrum_key"] == "00100")})
        assert label_errors_found(table, changed, FOUND, LABELS) == {"teff": 18.0}
    assert label_errors_found(table, other.drop(columns="m_h_true"), FOUND, LABELS) == {"teff": 18.0}
    assert label_errors_found(table, other.iloc[:29], FOUND, LABELS) == {}
    assert label_errors_found(table, other.iloc[:30], FOUND, LABELS) == {"teff": 18.0, "m_h": 0.01}


def test_an_engine_is_calibrated_with_what_another_found_for_the_same_labels_alone(table):
    info, fit = engine_info("ridge"), {"kind": "dM", "label_errors": "removed"}
    alone = calibrate_kind(info, table, **fit)
    beside = calibrate_kind(info, table, **fit, other=(table, FOUND))
    assert alone["teff"]["label_error"] > 30 and beside["teff"]["label_error"] == pytest.approx(18, rel=1e-6)
    assert beside["m_h"]["label_error"] == pytest.approx(0.01, rel=1e-6)
    assert {label: beside[label] for label in ("logg", "alpha_m")} == {
        label: alone[label] for label in ("logg", "alpha_m")
    }
    others = table.assign(**{f"{label}_true": table[f"{label}_true"] + 0.5 for label in LABELS})
    assert calibrate_kind(info, table, **fit, other=(others, FOUND)) == alone
