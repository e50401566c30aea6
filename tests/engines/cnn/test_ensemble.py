"""The ensemble of CNN-TLMA: mean, standard deviation, out-of-fold predictions, refusals."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.engines.batch import held_out_table
from mstars.engines.cnn.ensemble import load_folds
from mstars.engines.cnn.info import INFO
from mstars.engines.cnn.training import batch_size, density_weights
from mstars.networks.inference import predict_regressor
from mstars.spectra.wavelengths import CLASSIFIER_GRID


@pytest.fixture
def cnn(trained_engine):
    """Three folds of a tiny network."""
    return trained_engine("cnn")


def test_its_grid_is_that_of_the_networks():
    np.testing.assert_array_equal(INFO.grid.wavelength, CLASSIFIER_GRID)


def test_a_prediction_is_mean_and_standard_deviation_of_the_folds_models(cnn):
    models = load_folds(list(cnn.folders.values()), "dM")
    singles = [predict_regressor(model, cnn.x.flux) for model in models]
    found = cnn.engine.predict(cnn.load(), cnn.x, cnn.training)
    np.testing.assert_allclose(found.values, np.mean(singles, axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.error, np.std(singles, axis=0), rtol=1e-2, atol=1e-4)


def test_out_of_fold_predictions_are_those_of_the_trainings_own_validation(cnn):
    held = held_out_table(cnn.engine, cnn.folders, cnn.x, cnn.training, kind="dM", settings=cnn.settings)
    for fold in range(3):
        rows = (held["fold"] == fold) & held["teff_oof"].notna()
        validation = pd.read_parquet(cnn.folders[f"fold{fold}"] / "validation.parquet").set_index("spectrum_key")
        expected = validation.loc[held.loc[rows, "spectrum_key"], "teff_predicted"]
        np.testing.assert_allclose(held.loc[rows, "teff_oof"], expected, rtol=1e-5)


def test_the_spread_that_is_calibrated_is_of_the_models_that_have_seen_the_star(cnn):
    """With the held-out model in it, the spread would hold the residual that it is to explain."""
    held = held_out_table(cnn.engine, cnn.folders, cnn.x, cnn.training, kind="dM", settings=cnn.settings)
    singles = np.stack([predict_regressor(model, cnn.x.flux) for model in load_folds(list(cnn.folders.values()), "dM")])
    for fold in range(3):
        rows = ((held["fold"] == fold) & held["teff_oof"].notna()).to_numpy()
        others = np.std(np.delete(singles, fold, axis=0)[:, rows, 0], axis=0)
        np.testing.assert_allclose(held.loc[rows, "teff_spread"], others, rtol=1e-2, atol=1e-2)


def test_models_of_another_kind_are_refused(tmp_path):
    with pytest.raises(InputError, match="no models of tlma_gM"):
        load_folds([], "gM")
    with pytest.raises(InputError, match="not a trained model"):
        load_folds([tmp_path], "gM")


def test_density_weights_lift_rare_labels_to_a_mean_of_one():
    labels = np.concatenate([np.zeros((900, 2)), np.full((100, 2), -0.9)])
    weight = density_weights(labels)
    assert weight.mean() == pytest.approx(1) and weight[-1] / weight[0] == pytest.approx(3)
    assert np.ptp(density_weights(labels, power=0)) == 0


def test_small_sets_get_small_batches_and_the_papers_size_the_papers():
    assert [batch_size("auto", n) for n in (50, 399, 800, 1700, 3199, 3200, 11287)] == [8, 8, 32, 64, 64, 128, 128]
    assert batch_size(48, 50) == 48
