"""The choice of hyper-parameters, its checkpoint, and the variance beyond the noise."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.svm import SVR

from mstars.engines.slam import search as module
from mstars.engines.slam.progress import Progress
from mstars.engines.slam.search import best_together, grid_of, intrinsic_variance, noise_weights, search


def settings(**hyper):
    base = {"C": (0.1, 10.0), "epsilon": (0.05,), "gamma": (0.1, 0.5), "cv": 4, "every": 4}
    return {"hyper": base | hyper, "landmarks": 600, "model": "svr"}


def test_noisy_spectra_weigh_less():
    variance = np.array([[1.0, np.inf], [2.0, np.inf], [4.0, np.inf], [np.inf, np.inf]], np.float32)
    np.testing.assert_allclose(np.square(noise_weights(variance)[:, 0]), [4 / 3, 1, 2 / 3, 0], rtol=1e-6)
    assert (noise_weights(variance)[:, 1] == 0).all()


def test_the_error_of_a_triple_is_scikit_learn_s(sample, scaling):
    found, models = search(sample, scaling, settings())
    assert len(found.triples) == 4 and found.tried.shape == (4, 38) and len(models) == 4
    for place in (0, 5, 20):
        pixel = 4 * place
        used = sample.used[:, pixel]
        for number, options in enumerate(found.triples):
            model = SVR(C=options.C, epsilon=options.epsilon, gamma=options.gamma)
            split = PredefinedSplit(sample.fold[used])
            predicted = cross_val_predict(model, sample.labels[used], sample.flux[used, pixel], cv=split)
            expected = np.mean((predicted - sample.flux[used, pixel]) ** 2)
            assert found.tried[number, place] == pytest.approx(expected, rel=0.03)
    assert set(found.chosen) <= set(found.finalists)
    held = np.empty_like(sample.flux)
    for number, model in enumerate(models):
        held[sample.fold == number] = model.scaled(sample.labels[sample.fold == number])
    residual = np.where(sample.used, held - sample.flux, 0)
    np.testing.assert_allclose(np.square(residual).sum(axis=0) / sample.used.sum(axis=0), found.cv_mse, rtol=1e-3)


def test_a_search_that_was_killed_goes_on(sample, scaling, tmp_path, monkeypatch):
    whole, _ = search(sample, scaling, settings())
    calls, original = [], module.Progress.save

    def stop(self):
        original(self)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(module.Progress, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        search(sample, scaling, settings(), checkpoint=tmp_path / "p.npz", key="k")
    assert (tmp_path / "p.npz").is_file()
    resumed, _ = search(sample, scaling, settings(), checkpoint=tmp_path / "p.npz", key="k")
    assert len(calls) == 4 and not (tmp_path / "p.npz").exists()
    for name in ("tried", "chosen", "cv_mse", "intrinsic"):
        assert (getattr(resumed, name) == getattr(whole, name)).all(), name


def test_progress_of_other_work_is_not_used(tmp_path):
    one = Progress.open(tmp_path / "p.npz", "a")
    one.array("tried", (2,))[:] = 1
    one.save()
    assert np.isnan(Progress.open(tmp_path / "p.npz", "b").array("tried", (2,))).all()
    assert (Progress.open(tmp_path / "p.npz", "a").array("tried", (2,)) == 1).all()
    (tmp_path / "p.npz").write_bytes(b"half")
    assert np.isnan(Progress.open(tmp_path / "p.npz", "a").array("tried", (2,))).all()


def test_the_best_triples_are_those_that_go_together():
    tried = np.array([[1.0, 1.0, 1.0, 9.0], [2.0, 2.0, 2.0, 0.5], [1.1, 1.1, 1.1, 8.9], [5.0, 5.0, 5.0, 5.0]])
    assert best_together(tried, 2) == [1, 2] or best_together(tried, 2) == [0, 1]
    assert best_together(tried, 1) == [1] and best_together(tried, 9) == [0, 1, 2, 3]


def test_all_combinations_are_tried():
    found = grid_of({"C": (1, 2), "epsilon": (0.1, 0.2), "gamma": (0.3, 0.4)})
    assert len(set(found)) == 8 and [one.gamma for one in found] == [0.3] * 4 + [0.4] * 4


def test_the_intrinsic_variance_is_found_under_unequal_noise():
    draws, n = np.random.default_rng(0), 4000
    noise = np.exp(draws.normal(-3, 1.2, (n, 3))).astype(np.float32)
    truth = np.array([0.01, 0.05, 0.2])
    residual = (np.sqrt(noise + truth) * draws.normal(size=(n, 3))).astype(np.float32)
    used = draws.random((n, 3)) < 0.9
    mse = np.square(residual).mean(axis=0)
    found = intrinsic_variance(residual, np.where(used, noise, np.inf), used, mse)
    np.testing.assert_allclose(found, truth, rtol=0.12)
    assert (found < mse).all()
    nothing = intrinsic_variance(0 * residual, noise, used, mse)
    np.testing.assert_allclose(nothing, 0.02 * mse)
