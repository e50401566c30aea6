import numpy as np
import pandas as pd
import pytest

from mstars.core.labels import LABELS
from mstars.engines.cnn.baselines import BASELINES, compare_baselines, quadratic


def spectra(n=400, pixels=300, seed=2, noise=0.02):
    """Fluxes that are quadratic in four labels."""
    generator = np.random.default_rng(seed)
    scaled = generator.uniform(-1.5, 1.5, (n, 4))
    line = np.random.default_rng(0).normal(0, 1, (4, pixels)) * np.random.default_rng(1).uniform(0, 0.3, (4, 1))
    curve = np.random.default_rng(3).normal(0, 0.02, pixels)
    flux = 1 + scaled @ line + (scaled[:, :1] * scaled[:, 1:2]) * curve + generator.normal(0, noise, (n, pixels))
    return flux.astype(np.float32), scaled * [250, 0.2, 0.25, 0.07] + [3600, 4.8, -0.1, 0.05]


@pytest.mark.parametrize("name", sorted(BASELINES))
def test_a_baseline_finds_labels_it_has_not_seen(name):
    x, y = spectra()
    predicted = BASELINES[name](x[:300], y[:300], x[300:])
    residual = (predicted - y[300:]) / y.std(axis=0)
    assert predicted.shape == (100, 4) and (residual.std(axis=0) < 0.1).all()


def test_the_quadratic_model_is_exact_where_the_flux_is_quadratic():
    x, y = spectra(noise=1e-4)
    residual = (quadratic(x[:300], y[:300], x[300:]) - y[300:]) / y.std(axis=0)
    assert np.abs(residual).max() < 0.02


def test_all_models_are_compared_on_the_same_folds():
    x, y = spectra(120)
    table = pd.DataFrame(y, columns=LABELS).assign(fold=np.arange(120) % 3, snri=np.linspace(1, 150, 120))
    cnn = pd.DataFrame({f"{label}_{end}": table[label] + 0.01 for label in LABELS for end in ("oof", "mean")})
    result = compare_baselines(x, table, cnn, "dM").set_index(["model", "label", "snr_i"]).sort_index()
    assert set(result.index.get_level_values("model")) == {"cnn", "cnn_ensemble", "ridge", "quadratic"}
    assert result.loc[("cnn", "m_h", "all"), "bias"] == pytest.approx(0.01)
    counts = result.loc[("ridge", "teff"), "n"]
    assert counts["all"] == 120 and counts.drop("all").sum() == 120
    assert result.loc[("ridge", "logg", "all"), "sigma"] < 0.1
