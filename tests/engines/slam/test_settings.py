"""Every setting decides a search, the training set, the theory grid's model, or only how results are used."""

import json

import numpy as np
import pandas as pd
import pytest
from made_engines import small_settings

from mstars.core.config.keys import plain
from mstars.core.errors import InputError
from mstars.engines.contract import EngineInput
from mstars.engines.settings import EngineSettings
from mstars.engines.slam.model import ENGINE
from mstars.engines.slam.settings import OF_FIT, OF_SEARCH, SlamSettings

OF_TRAINING_SET = {"folds", "split", "snr_min", "min_labelled", "aspcap_class", "aspcapflag_reject", "cuts"}
"""Known by the hash of the training set's table."""
OF_GRID = {"mask"}
OF_THEORY = {"theory", "theory_medium", "theory_resolution", "theory_box", "theory_hyper", "theory_resample"}
OF_USE = {"least_snr", "filled_max", "label_errors", "training_stars"}
SHORTHAND = {"recipe"}
"""Sets others, which count."""

OTHER = {
    "labels": ("teff", "m_h", "logg"),
    "model": "krr",
    "model_error": "cv_mse",
    "weights": "none",
    "modes": 3,
    "shrinkage": "kept",
    "loss": "soft_l1",
    "drop_noisy": True,
    "outliers": 8.0,
    "grow_gaps": True,
    "shift": False,
    "normalisation": plain(SlamSettings().normalisation) | {"quantile": 0.5},
    "hyper": small_settings("slam")["hyper"] | {"cv": 4},
    "landmarks": 500,
    "box": 0.1,
    "mask": [[6550.0, 6570.0]],
}


def test_every_setting_is_in_one_place():
    places = [set(OF_SEARCH), OF_TRAINING_SET, OF_GRID, OF_THEORY, OF_USE, SHORTHAND]
    assert sum(len(place) for place in places) == len(set().union(*places))
    assert set().union(*places) == set(SlamSettings.model_fields)
    assert set(EngineSettings.model_fields) == OF_TRAINING_SET | OF_USE
    assert set(OF_FIT) <= set(OF_SEARCH) and set(OTHER) == set(OF_SEARCH) | OF_GRID


@pytest.fixture(scope="module")
def prepared(stars):
    """As many pixels as the grid, of which the most are constant."""
    n, rows = len(ENGINE.grid(small_settings("slam"))), 120
    flux = np.ones((rows, n), np.float32)
    flux[:, : stars.flux.shape[1]] = stars.flux[:rows]
    names = {"spectrum_key": [f"k{i}" for i in range(rows)], "star_id": [f"s{i}" for i in range(rows)]}
    labels = {"teff": stars.labels[:rows, 0], "m_h": stars.labels[:rows, 1], "logg": 4.8, "alpha_m": 0.1}
    table = pd.DataFrame({**names, **labels, "snri": 100.0, "fold": np.arange(rows) % 3})
    ivar = np.full_like(flux, 1e4)
    return EngineInput(flux, ivar, np.zeros(rows, np.float32)), table


ABOUT = {"trained_on": "simulated", "survey": "test", "training_set": "abc"}


@pytest.fixture(scope="module")
def searched(prepared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("settings") / "slam_dM"
    settings = small_settings("slam")
    ENGINE.search(*prepared, settings=settings, folder=folder / "search", about=ABOUT)
    train(prepared, settings, folder)
    return folder


def train(prepared, settings, folder):
    x, table = prepared
    own = {"kind": "dM", "part": "all", "settings": settings, "seed": 1, "folder": folder / "all", "about": ABOUT}
    ENGINE.train(x, table, **own)


@pytest.mark.parametrize("name", OTHER)
def test_a_search_with_another_setting_is_refused(prepared, searched, name):
    with pytest.raises(InputError, match=f"{'grid' if name == 'mask' else name} is another one's"):
        train(prepared, small_settings("slam") | {name: OTHER[name]}, searched)


@pytest.mark.parametrize("name", OF_FIT)
def test_a_model_with_another_setting_is_refused(searched, name):
    settings = small_settings("slam")
    ENGINE.load([searched / "all"], kind="dM", settings=settings)
    with pytest.raises(InputError, match=rf"model\.json: trained with {name}: .*engines\.slam\.{name} is"):
        ENGINE.load([searched / "all"], kind="dM", settings=settings | {name: OTHER[name]})


@pytest.mark.parametrize("name", [*OTHER, "training_set"])
def test_a_checkpoint_with_another_setting_is_not_used(prepared, tmp_path, monkeypatch, name):
    seen = []
    monkeypatch.setattr("mstars.engines.slam.model.save_choice", lambda *_: None)
    monkeypatch.setattr("mstars.engines.slam.model.make_choice", lambda *_, key, **__: seen.append(key))
    other = {"about": {**ABOUT, name: "xyz"}} if name == "training_set" else {}
    changed = small_settings("slam") | ({} if other else {name: OTHER[name]})
    for more in ({"settings": small_settings("slam"), "about": ABOUT}, {"settings": changed, "about": ABOUT} | other):
        ENGINE.search(*prepared, folder=tmp_path / "slam_dM" / "search", **more)
    assert seen[0] != seen[1] and json.loads(seen[0])["training_set"] == "abc"


def test_how_results_are_used_changes_nothing_that_is_stored(prepared, searched):
    others = {"least_snr": {"snri": 20}, "filled_max": 0.1, "label_errors": "kept", "training_stars": "out_of_fold"}
    assert set(others) == OF_USE
    train(prepared, small_settings("slam") | others, searched)
    ENGINE.load([searched / "all"], kind="dM", settings=small_settings("slam") | others)
