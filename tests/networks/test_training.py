"""Training: learning, resuming, stopping, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import torch
from made_networks import QUICK, small, train

from mstars.core.errors import InputError
from mstars.files.tables import read_table
from mstars.networks import checkpoint, epochs, training
from mstars.networks.folder import load_model
from mstars.networks.inference import predict, predict_classifier, predict_regressor
from mstars.networks.training import train_regressor


def test_classifier_learns_and_its_folder_predicts_the_same(tmp_path, data):
    x, labels, _, valid = data
    keys = np.array([f"key{i}" for i in range(len(x))])
    settings = small(epochs=25, batch_size=16, learning_rate=3e-3)
    model = train(tmp_path, data, settings, keys=keys, about={"trained_on": "simulated"})
    validation = read_table(tmp_path / "validation.parquet")
    assert (validation["truth"] == validation["predicted"]).mean() > 0.9
    assert list(validation.columns) == ["spectrum_key", "truth", "predicted", "prob_flat", "prob_deep"]
    assert set(validation["spectrum_key"]) == set(keys[valid])
    np.testing.assert_allclose(validation[["prob_flat", "prob_deep"]].sum(axis=1), 1, atol=1e-5)
    again = load_model(tmp_path)
    np.testing.assert_array_equal(predict(again, x), predict(model, x))
    assert again.about["trained_on"] == "simulated"
    history = pd.read_csv(tmp_path / "history.csv")
    assert again.about["validation_loss"] == pytest.approx(history["valid_loss"].min())
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_bf16_learns_the_same_and_keeps_weights_of_float32(tmp_path, data):
    settings = small(epochs=12, batch_size=16, learning_rate=3e-3)
    full, half = (train(tmp_path / name, data, settings.changed(precision=name)) for name in ("fp32", "bf16"))
    assert all(value.dtype == torch.float32 for value in half.network.state_dict().values())
    assert half.about["validation_loss"] != full.about["validation_loss"]  # it did run in bf16
    assert half.about["validation_loss"] == pytest.approx(full.about["validation_loss"], abs=0.1)
    called = [predict_classifier(model, data[0])[0] for model in (full, half)]
    assert (called[0] == called[1]).mean() > 0.95


def test_regressor_fits_its_scaler_inside_the_fold(tmp_path, data):
    x, _, depth, valid = data
    y = np.column_stack([4000 + 500 * depth, depth])
    settings = small(epochs=20, batch_size=16, learning_rate=3e-3)
    arguments = {"names": ["teff", "logg"], "settings": settings, "seed": 3, "folder": tmp_path, "task": "tlma_dM"}
    model = train_regressor(x, y, valid, **arguments)
    np.testing.assert_allclose(model.mean, y[~valid].mean(axis=0))
    np.testing.assert_allclose(model.scale, y[~valid].std(axis=0))
    assert not np.allclose(model.mean, y.mean(axis=0), rtol=1e-6)
    predicted = predict_regressor(load_model(tmp_path), x[~valid])
    assert np.std(predicted[:, 0] - y[~valid, 0]) < 0.5 * y[~valid, 0].std()
    table = read_table(tmp_path / "validation.parquet")
    assert {"teff_true", "teff_predicted", "logg_true", "logg_predicted"} < set(table.columns)


@pytest.mark.parametrize("bad", [np.nan, -9999.0])
def test_regressor_refuses_missing_labels(tmp_path, data, bad):
    x, _, depth, valid = data
    y = np.column_stack([depth, depth])
    y[5, 1] = bad
    with pytest.raises(InputError, match="logg of row 5"):
        train_regressor(x, y, valid, names=["teff", "logg"], settings=QUICK, seed=1, folder=tmp_path, task="tlma_dM")


def test_same_seed_same_bytes(tmp_path, data):
    for name in ("a", "b"):
        train(tmp_path / name, data)
    for file in ("weights.safetensors", "history.csv", "validation.parquet", "model.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


class Killed(Exception):
    pass


def test_averaged_weights_are_the_running_mean_over_the_steps():
    network = torch.nn.Linear(3, 2)
    averaged = epochs.averaged_weights(network, 0.6)
    expected = None
    for step in range(12):
        with torch.no_grad():
            network.weight.add_(torch.randn(2, 3, generator=torch.Generator().manual_seed(step)))
        averaged.update_parameters(network)
        now = network.weight.detach().double()
        decay = min(0.6, (1 + step) / (10 + step))
        expected = now if expected is None else decay * expected + (1 - decay) * now
    np.testing.assert_allclose(averaged.module.weight.detach(), expected, rtol=1e-5)


def test_the_averaged_weights_are_the_ones_kept(tmp_path, data):
    plain = small(epochs=3, batch_size=32)
    mean = plain.changed(average=0.9)
    train(tmp_path / "plain", data, plain)
    train(tmp_path / "mean", data, mean)
    history = [pd.read_csv(tmp_path / name / "history.csv") for name in ("plain", "mean")]
    np.testing.assert_array_equal(history[0]["train_loss"], history[1]["train_loss"])  # the steps are the same
    assert (history[0]["valid_loss"] != history[1]["valid_loss"]).all()
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("plain", "mean")]
    assert weights[0] != weights[1]


@pytest.mark.parametrize(
    ("killed_after", "changes"),
    [(1, {}), (3, {"average": 0.9}), (3, {"reduce_patience": 1, "least_improvement": 9.0})],
    ids=["early", "averaged", "after the rate has fallen"],
)
def test_a_killed_training_resumes_to_the_same_weights(tmp_path, data, monkeypatch, killed_after, changes):
    settings = small(epochs=5, batch_size=32, noise=0.1, shift_kms=20, **changes)
    train(tmp_path / "whole", data, settings)
    write = epochs.write_checkpoint

    def kill_after_writing(*arguments):
        write(*arguments)
        if len(arguments[-1]["history"]) == killed_after:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(epochs, "write_checkpoint", kill_after_writing)
        train(tmp_path / "killed", data, settings)
    assert not (tmp_path / "killed" / "model.json").exists()
    seen = []
    trained = epochs.train_epoch
    monkeypatch.setattr(epochs, "train_epoch", lambda *given: (seen.append(1), trained(*given))[1])
    train(tmp_path / "killed", data, settings)
    assert len(seen) == 5 - killed_after
    for file in ("weights.safetensors", "history.csv", "model.json"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "killed" / file).read_bytes()


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_not_used(tmp_path, data, monkeypatch):
    train(tmp_path / "whole", data)
    with monkeypatch.context() as patch:
        patch.setattr(training, "remove_checkpoint", lambda folder: None)
        train(tmp_path / "other", data, seed=8)
    train(tmp_path / "other", data)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "checkpoint.safetensors").write_bytes(b"not a checkpoint")
    train(tmp_path / "damaged", data)
    with monkeypatch.context() as patch:
        patch.setattr(training, "remove_checkpoint", lambda folder: None)
        patch.setattr(checkpoint, "FORMAT", "of another version")
        train(tmp_path / "format", data)
    train(tmp_path / "format", data)
    for name in ("other", "damaged", "format"):
        weights = (tmp_path / name / "weights.safetensors").read_bytes()
        assert weights == (tmp_path / "whole" / "weights.safetensors").read_bytes()


def test_training_stops_at_the_least_validation_loss(tmp_path, data):
    patience = {"stop_patience": 2, "reduce_patience": 1, "least_improvement": 0.0}
    settings = small(epochs=40, batch_size=16, learning_rate=0.02, **patience)
    model = train(tmp_path, data, settings)
    history = pd.read_csv(tmp_path / "history.csv")
    assert len(history) < 40
    assert len(history) == history["valid_loss"].idxmin() + 3
    assert model.about["best_epoch"] == history["valid_loss"].idxmin()
    assert history["learning_rate"].iloc[-1] < 0.02


def test_bad_training_sets_are_refused(tmp_path, data):
    x, labels, _, valid = data
    with pytest.raises(InputError, match="no spectra of class other"):
        train(tmp_path, data, classes=["flat", "deep", "other"])
    with pytest.raises(InputError, match="unknown labels deep"):
        train(tmp_path, data, classes=["flat", "other"])
    with pytest.raises(InputError, match="0 validation"):
        train(tmp_path, (x, labels, None, np.zeros(len(x), bool)))


def test_spectra_of_constants_are_left_out_and_predicted_as_nothing(tmp_path, data):
    x, labels, depth, valid = data
    x = x.copy()
    x[[1, 4]] = 0
    model = train(tmp_path, (x, labels, depth, valid))
    assert model.about["n_train"] == np.count_nonzero(~valid) - 1
    names, probability = predict_classifier(model, x[:5])
    assert names[1] == "" and np.isnan(probability[1]).all()
    assert names[0] in ("flat", "deep") and np.isfinite(probability[0]).all()


def test_a_loss_that_hardly_falls_stops_the_training_too(tmp_path, data):
    settings = small(epochs=40, batch_size=16, stop_patience=2, least_improvement=10.0)
    train(tmp_path, data, settings)
    assert len(pd.read_csv(tmp_path / "history.csv")) == 3


def test_oversampling_shows_a_row_as_often_as_asked_and_leaves_the_others():
    from mstars.networks.epochs import TrainingData, fingerprint, order_of_epoch

    rows = np.arange(100)
    x, nothing = np.zeros((100, 4), np.float32), np.zeros(100, np.float32)
    draws = np.where(rows < 50, 0.5, 2.3)
    data = TrainingData(x, nothing, nothing, rows, rows[:1], draws)
    times = (
        sum(np.bincount(order_of_epoch(data, np.random.default_rng(seed)), minlength=100) for seed in range(200)) / 200
    )
    np.testing.assert_allclose([times[:50].mean(), times[50:].mean()], [0.5, 2.3], rtol=0.02)
    plain = TrainingData(x, nothing, nothing, rows, rows[:1])
    assert sorted(order_of_epoch(plain, np.random.default_rng(1))) == rows.tolist()
    assert fingerprint(data, 1, QUICK, 1) != fingerprint(plain, 1, QUICK, 1)  # no checkpoint of the other is taken
