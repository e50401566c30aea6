"""The search's folder, and what a part takes from it."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.engines.contract import EngineInput
from mstars.engines.slam.choice import cv_groups, load_choice, make_choice, save_choice, triples_table
from mstars.engines.slam.forward import scaling_of

ABOUT = {"training_set": "abc", "labels": ["teff", "m_h"], "grid": {"first": 1}}


@pytest.fixture(scope="module")
def table(stars):
    n = len(stars.labels)
    columns = {"spectrum_key": [f"k{i}" for i in range(n)], "star_id": [f"s{i // 2}" for i in range(n)]}
    labels = {"teff": stars.labels[:, 0], "m_h": stars.labels[:, 1]}
    return pd.DataFrame({**columns, **labels, "snri": 100.0, "fold": np.arange(n) // 2 % 10})


SETTINGS = {
    "labels": ("teff", "m_h"),
    "hyper": {"C": (1.0,), "epsilon": (0.05,), "gamma": (0.1, 0.3), "cv": 5, "every": 10},
    "landmarks": 600,
    "model": "svr",
    "model_error": "cv_mse",
    "weights": "none",
    "shrinkage": "kept",
    "box": 0.05,
    "loss": "square",
    "drop_noisy": False,
    "outliers": None,
}


@pytest.fixture(scope="module")
def choice(stars, table):
    x = EngineInput(stars.flux, stars.ivar, np.zeros(len(table), np.float32))
    return make_choice(x, table, SETTINGS)


def test_stars_are_fitted_by_models_that_have_not_seen_them(choice, table):
    off = choice.stars["teff_cv"] - choice.stars["teff_true"]
    assert off.std() < 60 and abs(off.mean()) < 5 and np.isfinite(off).all()
    assert choice.curves.shape == (2, 3) and (choice.stars["spectrum_key"] == table["spectrum_key"]).all()


def test_groups_keep_stars_whole(table):
    for parts in (2, 5):
        groups = cv_groups(table, parts)
        assert (pd.Series(groups).groupby(table["star_id"]).nunique() == 1).all() and len(set(groups)) == parts
    alone = table[table["fold"] == 3].reset_index(drop=True)
    assert len(set(cv_groups(alone, 5))) > 1


def test_a_folder_is_read_as_it_was_written(choice, tmp_path):
    save_choice(choice, tmp_path, ABOUT)
    again = load_choice(tmp_path, ABOUT)
    assert (again.found.chosen == choice.found.chosen).all() and again.found.triples == choice.found.triples
    assert (again.found.cv_mse == choice.found.cv_mse).all() and (again.curves == choice.curves).all()
    assert pd.read_csv(tmp_path / "triples.csv")["pixels"].sum() == len(choice.found.chosen)
    assert len(pd.read_parquet(tmp_path / "cv.parquet")) == len(choice.stars)
    assert triples_table(choice.found)["finalist"].sum() == len(choice.found.finalists)


def test_a_fold_takes_a_covariance_that_its_stars_had_no_part_in(stars, table, tmp_path):
    x = EngineInput(stars.flux, stars.ivar, np.zeros(len(table), np.float32))
    settings = SETTINGS | {"model_error": "covariance", "modes": 4}
    found = make_choice(x, table, settings)
    save_choice(found, tmp_path, ABOUT)
    groups, again = cv_groups(table, 5), load_choice(tmp_path, ABOUT)
    changed = stars.flux + np.where((groups == 2)[:, None], 0.05 * np.sin(np.arange(stars.flux.shape[1])), 0)
    other = make_choice(EngineInput(changed.astype(np.float32), x.ivar, x.filled), table, settings)
    assert len(again.without) == len(other.without) == 5
    own, all_stars = again.for_others(groups[table["fold"] == 7]), again.for_others(groups[:0])
    assert (own.covariance.modes == found.without[2].modes).all()
    assert (own.covariance.floor == found.covariance.floor).all() and len(own.covariance.floor) == 2
    assert (all_stars.covariance.modes == found.covariance.modes).all()

    def along(covariance):  # variance that the modes have in the changed stars' direction
        unit = np.sin(np.arange(stars.flux.shape[1])) * found.flux_scale.astype(float) ** -1
        return np.square(unit @ covariance.modes).sum() / np.square(unit).sum()

    assert along(other.covariance) > 3 * along(other.without[2])


def test_folders_of_other_searches_are_refused(choice, tmp_path):
    save_choice(choice, tmp_path / "s", ABOUT)
    for name, other in (("training_set", "xyz"), ("labels", ["teff"]), ("grid", {"first": 2})):
        with pytest.raises(InputError, match=f"{name} is another one's"):
            load_choice(tmp_path / "s", ABOUT | {name: other})
    shutil.copytree(tmp_path / "s", tmp_path / "damaged")
    (tmp_path / "damaged" / "search.safetensors").write_bytes(b"x")
    with pytest.raises(InputError, match="damaged"):
        load_choice(tmp_path / "damaged", ABOUT)
    (tmp_path / "damaged" / "search.safetensors").unlink()
    with pytest.raises(InputError, match="missing"):
        load_choice(tmp_path / "damaged", ABOUT)
    said = json.loads((tmp_path / "damaged" / "search.json").read_text()) | {"format": "other"}
    (tmp_path / "damaged" / "search.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match="not a search of this version"):
        load_choice(tmp_path / "damaged", ABOUT)


def test_variances_follow_the_scaling(choice, stars):
    scaling = scaling_of(stars.labels[:200], 2 * stars.flux[:200], stars.ivar[:200] > 0)
    changed = choice.rescaled(scaling).found
    ratio = np.square(choice.flux_scale.astype(float) / scaling.flux_scale)
    np.testing.assert_allclose(changed.cv_mse, choice.found.cv_mse * ratio)
