"""Several trainings of a classifier as one model folder."""

import numpy as np
import pandas as pd
import pytest
from made_networks import QUICK, spectra_of_classes, train

from mstars.core.errors import InputError
from mstars.files.tables import read_table
from mstars.networks.folder import load_model
from mstars.networks.inference import predict_classifier
from mstars.networks.members import join_members


@pytest.fixture(scope="module")
def data():
    spectra, labels, depth = spectra_of_classes()
    return spectra, labels, depth, np.arange(len(labels)) % 4 == 0


@pytest.fixture(scope="module")
def folders(tmp_path_factory, data):
    places = [tmp_path_factory.mktemp("members") / str(seed) for seed in (1, 2)]
    for seed, place in zip((1, 2), places, strict=True):
        train(place, data, settings=QUICK, seed=seed)
    return places


def test_the_joined_folder_says_the_mean_of_the_members(tmp_path, data, folders):
    join_members(folders, tmp_path / "all")
    x, _, _, valid = data
    model, table = load_model(tmp_path / "all"), read_table(tmp_path / "all" / "validation.parquet")
    called, probability = predict_classifier(model, x[valid])
    np.testing.assert_allclose(table[["prob_flat", "prob_deep"]].to_numpy(), probability, atol=1e-5)
    assert (table["predicted"].to_numpy() == called).all()
    parts = [read_table(folder / "validation.parquet")["prob_deep"].to_numpy() for folder in folders]
    assert np.abs(parts[0] - parts[1]).max() > 1e-3
    np.testing.assert_allclose(table["prob_deep"], np.mean(parts, axis=0), atol=1e-7)
    history = pd.read_csv(tmp_path / "all" / "history.csv")
    assert history["member"].unique().tolist() == [0, 1]
    assert len(model.about["members"]) == 1


def test_members_with_other_spectra_for_validation_are_not_joined(tmp_path, data, folders):
    x, labels, depth, _ = data
    train(tmp_path / "other", (x, labels, depth, np.arange(len(labels)) % 4 == 1), seed=3)
    with pytest.raises(InputError, match="other: other spectra for validation"):
        join_members([folders[0], tmp_path / "other"], tmp_path / "all")
    assert not (tmp_path / "all").exists()
