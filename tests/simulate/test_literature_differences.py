"""Catalogues with label-dependent differences: what is planted comes out."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.labels import LABELS
from mstars.literature.catalogues import read_catalogue, read_description
from mstars.simulate.literature_catalogs import LUMINOSITY, literature_catalogue, write_catalogue
from mstars.simulate.literature_differences import REFERENCE, SYSTEMATIC, Difference, with_differences


@pytest.fixture(scope="module")
def truth():
    draws, n = np.random.default_rng(0), 12000
    table = pd.DataFrame({"spectrum_key": [f"k{i:05d}" for i in range(n)]})
    table["true_lum"] = np.where(np.arange(n) % 4 == 0, "giant", "dwarf")
    spread = {"teff": 250, "logg": 0.2, "m_h": 0.3, "alpha_m": 0.05}
    for label in LABELS:
        table[f"true_{label}"] = REFERENCE[label] + spread[label] * draws.normal(size=n)
    return table


@pytest.mark.parametrize("name", list(SYSTEMATIC))
def test_a_catalogue_has_the_planted_difference(name, truth, tmp_path):
    table, said = literature_catalogue(truth, name, 1), SYSTEMATIC[name]
    assert table.equals(literature_catalogue(truth, name, 1))
    write_catalogue(table, name, tmp_path / "c.csv", tmp_path / "c.yaml")
    assert len(read_catalogue(read_description(tmp_path / "c.yaml"))) == len(table)
    both = table.merge(truth, on="spectrum_key")
    for kind, lum in LUMINOSITY.items():
        stars = both[both["true_lum"] == lum]
        share = len(stars) / (truth["true_lum"] == lum).sum()
        assert share == pytest.approx(said.share if getattr(said, kind) else 0, abs=0.02)
        for label, one in getattr(said, kind).items():
            off = stars[label] - stars[f"true_{label}"]
            if one.missing:
                assert (stars[f"true_{one.missing[0]}"][off.isna()] < one.missing[1]).all() and off.isna().any()
                off = off.dropna()
            if one.below:
                low = stars[f"true_{one.below[0]}"] < one.below[1]
                assert off[low].mean() == pytest.approx(one.below[2], abs=4 * one.below[3] / np.sqrt(low.sum()))
                off = off[~low]
            error = 4 * off.std() / np.sqrt(len(off))
            assert off.mean() == pytest.approx(one.mean, abs=error)
            assert off.std() >= one.sigma * (1 - 4 / np.sqrt(2 * len(off)))


def test_differences_go_with_the_labels_and_with_each_other():
    draws, n = np.random.default_rng(1), 20000
    labels = pd.DataFrame(
        {label: REFERENCE[label] + draws.normal(size=n) * (300 if label == "teff" else 0.3) for label in LABELS}
    )
    planted = {"teff": Difference(0, 50, {"m_h": 60.0}), "m_h": Difference(0, 0.1, {"teff": 0.2})}
    off = with_differences(labels, planted, 0.4, draws) - labels[["teff", "m_h"]]
    assert np.polyfit(labels["m_h"], off["teff"], 1)[0] == pytest.approx(60, abs=5)
    assert np.polyfit(labels["teff"], off["m_h"], 1)[0] == pytest.approx(0.2e-3, abs=1e-5)
    rest = off["teff"] - 60 * (labels["m_h"] - REFERENCE["m_h"]), off["m_h"] - 0.2e-3 * (labels["teff"] - 3600)
    assert np.corrcoef(*rest)[0, 1] == pytest.approx(0.4, abs=0.03)
    striped = with_differences(labels, {"m_h": Difference(0, 0.1, stripes=0.1)}, 0.0, draws)["m_h"]
    assert 0.45 < np.isclose(striped / 0.1, np.round(striped / 0.1)).mean() < 0.55
