"""Prediction with one model and with many."""

import numpy as np
import pytest
import torch
from made_networks import SMALL, train

from mstars.core.config.networks import Architecture
from mstars.core.errors import InputError
from mstars.networks.architecture import build_network
from mstars.networks.folder import Model, load_model
from mstars.networks.inference import Ensemble, place, predict, predict_ensemble, predict_regressor


def test_predict_refuses_spectra_of_another_grid(folder):
    with pytest.raises(InputError, match="expected"):
        predict(load_model(folder), np.zeros((2, 4000), np.float32))


def test_an_ensemble_equals_its_models(data):
    x, _, depth, _ = data
    models = []
    for seed in range(4):
        network = build_network(Architecture(), 2, seed).eval()
        models.append(Model(network, "regressor", "tlma_dM", ["a", "b"], "rest", np.ones(2), np.full(2, 3.0)))
    together = Ensemble(models).predict(x[:40])
    alone = np.stack([predict_regressor(model, x[:40]) for model in models])
    np.testing.assert_allclose(together, alone, rtol=2e-4, atol=2e-4)
    mean, spread = predict_ensemble(models, x[:40])
    np.testing.assert_allclose(mean, alone.mean(axis=0), rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(spread, alone.std(axis=0), rtol=1e-2, atol=1e-3)


def test_an_ensemble_of_unlike_models_is_refused():
    models = [
        Model(build_network(architecture, 2, 1), "classifier", "test", ["a", "b"])
        for architecture in (SMALL, Architecture())
    ]
    with pytest.raises(InputError, match="differ"):
        Ensemble(models)


def test_prediction_without_the_gpu_that_was_asked_for(tmp_path, data, monkeypatch, caplog):
    model = train(tmp_path / "model", data)
    expected = predict(model, data[0])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with caplog.at_level("INFO"):
        assert place([model], 1).type == "cpu"
    assert "torch sees none here" in caplog.text
    np.testing.assert_array_equal(predict(model, data[0]), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_predicts_what_the_cpu_predicts(tmp_path, data):
    model = train(tmp_path / "model", data)
    expected = predict(model, data[0])
    assert place([model], 1).type == "cuda"
    np.testing.assert_allclose(predict(model, data[0]), expected, atol=1e-4)
