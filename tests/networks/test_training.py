"""The networks: architecture, training, resuming, model folders, prediction."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from made_networks import SMALL, make_store, spectra_of_classes
from safetensors.torch import save_file

from mstars.core.errors import InputError
from mstars.files.tables import read_table
from mstars.networks import training
from mstars.networks.architecture import Architecture, _max_pool, build_network
from mstars.networks.data import load_inputs, write_inputs
from mstars.networks.folder import Model, load_model
from mstars.networks.inference import Ensemble, place, predict, predict_classifier, predict_ensemble, predict_regressor
from mstars.networks.settings import Settings
from mstars.networks.training import class_weights, train_classifier, train_regressor
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.wavelengths import CLASSIFIER_GRID

QUICK = Settings(epochs=4, batch_size=32, device="cpu", architecture=SMALL)


@pytest.fixture(scope="module")
def data():
    x, labels, depth = spectra_of_classes()
    return x, labels, depth, np.arange(len(x)) % 4 == 0


def train(folder, data, settings=QUICK, **changes):
    x, labels, _, valid = data
    arguments = {"classes": ["flat", "deep"], "settings": settings, "seed": 7, "folder": folder, "task": "test"}
    return train_classifier(x, labels, valid, **(arguments | changes))


def test_architecture_is_the_papers(data):
    network = build_network(Architecture(), 8, seed=1)
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in network.modules()) == 4
    assert sum(isinstance(layer, torch.nn.Linear) for layer in network.modules()) == 1
    output = network(torch.from_numpy(data[0][:64]))
    assert output.shape == (64, 8)
    assert (output < 0).any()  # no ReLU on the output


def test_pool_before_relu_equals_relu_before_pool(data):
    network = build_network(SMALL, 3, seed=2)
    x = torch.from_numpy(data[0][:5])
    plain = x[:, None, None, :]
    for convolution, pool in zip(network.convolutions, SMALL.pools, strict=True):
        plain = torch.nn.functional.max_pool2d(torch.relu(convolution(plain)), (1, pool))
    torch.testing.assert_close(network.features(x), plain.flatten(1))


@pytest.mark.parametrize(("width", "length"), [(1, 9), (2, 9), (3, 10), (4, 16), (4, 19), (8, 50)])
def test_the_pool_without_gradients_is_torchs_own(width, length):
    x = torch.randn((3, 6, 1, length)).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        pooled = _max_pool(x, width)
    assert torch.equal(pooled, torch.max_pool2d(x, (1, width)))


@pytest.mark.parametrize("change", [{"kernels": (3, 3, 3)}, {"pools": (4, 0, 4, 4)}, {"pools": (90, 90, 4, 4)}])
def test_impossible_architecture(change):
    with pytest.raises(InputError, match="networks"):
        Architecture(**change)


def test_settings_from_config_name_an_unknown_key():
    section = {"epochs": 3, "architecture": {"channels": [4, 4, 4, 4]}}
    assert Settings.from_config(section, epochs=5).epochs == 5
    with pytest.raises(InputError, match="speed"):
        Settings.from_config(section | {"speed": 3})


def test_class_weights_are_the_papers():
    labels = np.repeat(["K", "OB", "WD"], [30000, 8279, 7094])
    np.testing.assert_allclose(class_weights(labels, ["K", "OB", "WD"]), [1, 3.62, 4.23], atol=0.005)
    with pytest.raises(InputError, match="QSO"):
        class_weights(labels, ["K", "QSO"])


def test_classifier_learns_and_its_folder_predicts_the_same(tmp_path, data):
    x, labels, _, valid = data
    keys = np.array([f"key{i}" for i in range(len(x))])
    settings = Settings(epochs=25, batch_size=16, learning_rate=3e-3, device="cpu", architecture=SMALL)
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
    settings = Settings(epochs=12, batch_size=16, learning_rate=3e-3, device="cpu", architecture=SMALL)
    full, half = (train(tmp_path / name, data, replace(settings, precision=name)) for name in ("fp32", "bf16"))
    assert all(value.dtype == torch.float32 for value in half.network.state_dict().values())
    assert half.about["validation_loss"] != full.about["validation_loss"]  # it did run in bf16
    assert half.about["validation_loss"] == pytest.approx(full.about["validation_loss"], abs=0.1)
    called = [predict_classifier(model, data[0])[0] for model in (full, half)]
    assert (called[0] == called[1]).mean() > 0.95


def test_regressor_fits_its_scaler_inside_the_fold(tmp_path, data):
    x, _, depth, valid = data
    y = np.column_stack([4000 + 500 * depth, depth])
    settings = Settings(epochs=20, batch_size=16, learning_rate=3e-3, device="cpu", architecture=SMALL)
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
    averaged = training.averaged_weights(network, 0.6)
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
    plain = Settings(epochs=3, batch_size=32, device="cpu", architecture=SMALL)
    mean = replace(plain, average=0.9)
    train(tmp_path / "plain", data, plain)
    train(tmp_path / "mean", data, mean)
    history = [pd.read_csv(tmp_path / name / "history.csv") for name in ("plain", "mean")]
    np.testing.assert_array_equal(history[0]["train_loss"], history[1]["train_loss"])  # the steps are the same
    assert (history[0]["valid_loss"] != history[1]["valid_loss"]).all()
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("plain", "mean")]
    assert weights[0] != weights[1]


@pytest.mark.parametrize(("killed_after", "average"), [(1, 0.0), (3, 0.9)])
def test_a_killed_training_resumes_to_the_same_weights(tmp_path, data, monkeypatch, killed_after, average):
    settings = Settings(
        epochs=5, batch_size=32, noise=0.1, shift_kms=20, average=average, device="cpu", architecture=SMALL
    )
    train(tmp_path / "whole", data, settings)
    write = training.write_checkpoint

    def kill_after_writing(*arguments):
        write(*arguments)
        if len(arguments[-1]["history"]) == killed_after:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(training, "write_checkpoint", kill_after_writing)
        train(tmp_path / "killed", data, settings)
    assert not (tmp_path / "killed" / "model.json").exists()
    epochs = []
    trained = training._train_epoch
    monkeypatch.setattr(training, "_train_epoch", lambda *given: (epochs.append(1), trained(*given))[1])
    train(tmp_path / "killed", data, settings)
    assert len(epochs) == 5 - killed_after
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
    for name in ("other", "damaged"):
        weights = (tmp_path / name / "weights.safetensors").read_bytes()
        assert weights == (tmp_path / "whole" / "weights.safetensors").read_bytes()


def test_training_stops_at_the_least_validation_loss(tmp_path, data):
    settings = Settings(
        epochs=40, batch_size=16, stop_patience=2, reduce_patience=1, learning_rate=0.02, device="cpu",
        least_improvement=0.0, architecture=SMALL,
    )  # fmt: skip
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


@pytest.fixture
def folder(tmp_path, data):
    train(tmp_path / "model", data, Settings(epochs=1, device="cpu", architecture=SMALL))
    return tmp_path / "model"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": {"medium": "air", "first_angstrom": 3900.0, "step_angstrom": 1.0, "n_pixel": 5000}}, "grid"),
        ({"architecture": Architecture().as_dict()}, "do not fit the architecture"),
        ({"architecture": {"channels": [1, 1, 1, 1]}}, "architecture: keys"),
        ({"outputs": ["flat", "deep", "more"]}, "do not fit the architecture"),
        ({"format": "other"}, "format"),
        ({"kind": "oracle"}, "kind"),
        ({"kind": "regressor"}, "label_mean"),
        ({"frame": "moving"}, "frame"),
    ],
)
def test_a_model_folder_that_does_not_fit_is_refused(folder, change, message):
    description = json.loads((folder / "model.json").read_text()) | change
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match=message):
        load_model(folder)


def test_damaged_model_folders_are_refused(folder):
    weights = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(weights[:-4])
    with pytest.raises(InputError, match="damaged"):
        load_model(folder)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(InputError, match="missing"):
        load_model(folder)
    (folder / "model.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        load_model(folder)
    (folder / "model.json").unlink()
    with pytest.raises(InputError, match="not a trained model"):
        load_model(folder)


def test_weights_that_hold_code_do_not_run(folder, tmp_path):
    import hashlib

    proof = tmp_path / "ran"

    class Hostile:
        def __reduce__(self):
            return (open, (str(proof), "w"))

    torch.save({"output.weight": Hostile()}, folder / "weights.safetensors")
    description = json.loads((folder / "model.json").read_text())
    description["weights"]["sha256"] = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="not a safetensors file"):
        load_model(folder)
    assert not proof.exists()


def test_weights_that_are_not_finite_are_refused(folder):
    import hashlib

    model = load_model(folder)
    state = {key: value.contiguous() for key, value in model.network.state_dict().items()}
    state["output.bias"][0] = float("nan")
    save_file(state, folder / "weights.safetensors")
    description = json.loads((folder / "model.json").read_text())
    description["weights"]["sha256"] = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="not finite"):
        load_model(folder)


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


def test_augmentation_shifts_to_the_right_place():
    from mstars.networks.augmentation import augment

    class Fixed:
        def normal(self, scale, size):
            return np.full(size, scale)

    line = 8000.0
    x = np.exp(-0.5 * ((CLASSIFIER_GRID - line) / 5) ** 2).astype(np.float32)[None]
    shifted = augment(torch.from_numpy(x), 0.0, 300.0, Fixed()).numpy()[0]
    assert CLASSIFIER_GRID[shifted.argmax()] == round(line / (1 + 300 / 299792.458))
    assert shifted.mean() == pytest.approx(0, abs=1e-4) and shifted.std() == pytest.approx(1, abs=1e-4)


def test_augmentation_adds_smooth_curves_only(data):
    from mstars.networks.augmentation import augment

    x = torch.from_numpy(data[0][:6])
    curved = augment(x, 0.0, 0.0, np.random.default_rng(1), 0.3)
    difference = (curved - x).numpy()
    assert np.abs(difference).max() > 0.1
    rough = np.diff(curved.numpy(), axis=1) - np.diff(x.numpy(), axis=1) * (curved.std(1) / x.std(1)).numpy()[:, None]
    assert np.abs(rough).std() < 0.2 * np.diff(x.numpy(), axis=1).std()
    assert augment(x, 0.0, 0.0, np.random.default_rng(1)) is x


def test_inputs_are_written_in_the_order_of_the_table(tmp_path):
    stores, sets = {}, {}
    for number, batch in enumerate("ab"):
        keys = np.array([f"{batch}{i}" for i in range(6)])
        stores[batch] = tmp_path / f"{batch}.h5"
        sets[batch] = make_store(stores[batch], keys, number)
    table = pd.DataFrame({"spectrum_key": ["b3", "a1", "b0"], "batch": ["b", "a", "b"], "row": [3, 1, 0]})
    write_inputs(table, stores, tmp_path / "x.npy")
    x = load_inputs(tmp_path / "x.npy")
    expected = [classifier_input(sets[b].select([r]))[0] for b, r in zip(table["batch"], table["row"], strict=True)]
    np.testing.assert_array_equal(x, expected)
    write_inputs(table.assign(rv=200.0), stores, tmp_path / "rest.npy")
    np.testing.assert_array_equal(
        load_inputs(tmp_path / "rest.npy")[1], classifier_input(sets["a"].select([1]), np.array([200.0]))[0]
    )
    with pytest.raises(InputError, match="rows differ"):
        write_inputs(table.assign(row=[2, 1, 0]), stores, tmp_path / "x.npy")
    with pytest.raises(InputError, match="no store for batch c"):
        write_inputs(table.assign(batch="c"), stores, tmp_path / "x.npy")
    with pytest.raises(InputError, match="no such file"):
        load_inputs(tmp_path / "none.npy")


def test_a_loss_that_hardly_falls_stops_the_training_too(tmp_path, data):
    settings = Settings(
        epochs=40, batch_size=16, stop_patience=2, least_improvement=10.0, device="cpu", architecture=SMALL
    )
    train(tmp_path, data, settings)
    assert len(pd.read_csv(tmp_path / "history.csv")) == 3


def test_oversampling_shows_a_row_as_often_as_asked_and_leaves_the_others():
    from mstars.networks.training import _Data, _fingerprint, _order

    rows = np.arange(100)
    x, nothing = np.zeros((100, 4), np.float32), np.zeros(100, np.float32)
    draws = np.where(rows < 50, 0.5, 2.3)
    data = _Data(x, nothing, nothing, rows, rows[:1], draws)
    times = sum(np.bincount(_order(data, np.random.default_rng(seed)), minlength=100) for seed in range(200)) / 200
    np.testing.assert_allclose([times[:50].mean(), times[50:].mean()], [0.5, 2.3], rtol=0.02)
    plain = _Data(x, nothing, nothing, rows, rows[:1])
    assert sorted(_order(plain, np.random.default_rng(1))) == rows.tolist()
    assert _fingerprint(data, 1, QUICK, 1) != _fingerprint(plain, 1, QUICK, 1)  # no checkpoint of the other is taken


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
