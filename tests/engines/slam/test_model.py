"""The engine: a search for all parts, further labels, recipes, a theory grid beside, and refusals."""

import numpy as np
import pytest
from made_engines import RULES, make_survey, small_settings
from safetensors.numpy import load_file

from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.engines.inputs import load_inputs, write_inputs
from mstars.engines.slam.info import INFO
from mstars.engines.slam.model import ENGINE


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return make_survey(tmp_path_factory.mktemp("slam"), "dM")


def prepared(survey, settings, folder):
    table, summary = ENGINE.training_set(survey.read, kind="dM", settings=settings, rules=RULES)
    write_inputs(ENGINE, table, {"b1": survey.store}, settings, folder / "inputs")
    about = {"trained_on": "simulated", "survey": "test", "training_set": summary["hash"]}
    return load_inputs(folder / "inputs", ENGINE, settings, len(table)), table, about


def trained(survey, settings, folder, part="all"):
    x, table, about = prepared(survey, settings, folder)
    place = folder / "slam_dM" / part
    ENGINE.train(x, table, kind="dM", part=part, settings=settings, seed=1, folder=place, about=about)
    return x, table.assign(luminosity_class="dM"), place


def test_parts_take_the_search_of_all(survey, tmp_path):
    settings = small_settings("slam")
    x, table, about = prepared(survey, settings, tmp_path)
    ENGINE.search(x, table, settings=settings, folder=tmp_path / "slam_dM" / "search", about=about)
    assert not list((tmp_path / "slam_dM").glob(".*"))
    place = tmp_path / "slam_dM" / "all"
    ENGINE.train(x, table, kind="dM", part="all", settings=settings, seed=1, folder=place, about=about)
    (alone := tmp_path / "alone").mkdir()
    *_, other = trained(survey, settings, alone)
    assert (place / "weights.safetensors").read_bytes() == (other / "weights.safetensors").read_bytes()
    with pytest.raises(InputError, match="training_set is another one's"):
        ENGINE.train(
            *(x, table),
            kind="dM",
            part="fold0",
            settings=settings,
            seed=1,
            folder=place,
            about=about | {"training_set": "?"},
        )


def test_folds_fit_with_the_covariance_of_other_stars(survey, tmp_path):
    settings = small_settings("slam")
    x, table, about = prepared(survey, settings, tmp_path)
    folder = tmp_path / "slam_dM"
    ENGINE.search(x, table, settings=settings, folder=folder / "search", about=about)
    search = load_file(folder / "search" / "search.safetensors")
    for part, name in (("fold1", "without1"), ("all", "shared")):
        ENGINE.train(x, table, kind="dM", part=part, settings=settings, seed=1, folder=folder / part, about=about)
        found = load_file(folder / part / "weights.safetensors")
        ratio = np.square(search["flux_scale"].astype(float) / found["flux_scale"])
        np.testing.assert_allclose(found["variance"], search[f"{name}_variance"] * ratio, rtol=1e-6)
        assert (found["floor"] == search["shared_floor"]).all()
    assert np.abs(search["without1_variance"] / search["shared_variance"] - 1).max() > 0.01


def test_further_labels(survey, tmp_path):
    settings = small_settings("slam") | {"labels": ("teff", "m_h", "logg", "alpha_m")}
    x, table, place = trained(survey, settings, tmp_path)
    model = ENGINE.load([place], kind="dM", settings=settings)
    found = ENGINE.predict(model, x, table)
    usual = np.isfinite(found.values[:, 0])
    assert usual.sum() > 80
    for name, label in (("logg_slam", "logg"), ("alpha_m_slam", "alpha_m")):
        assert np.corrcoef(found.extra[name][usual], table[label][usual])[0, 1] > 0.9
    with pytest.raises(InputError, match="trained with labels"):
        ENGINE.load([place], kind="dM", settings=small_settings("slam"))
    with pytest.raises(InputError, match="teff and m_h first"):
        ENGINE.training_set(survey.read, kind="dM", settings=settings | {"labels": ("m_h", "teff")}, rules=RULES)


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": "paper", "model_error": "cv_mse"},
        {"model_error": "training_mse_squared", "loss": "soft_l1", "drop_noisy": True, "grow_gaps": True},
        {"model": "krr"},
        {"model_error": "cv_minus_noise"},
    ],
    ids=["paper", "astroslam", "krr", "pixels alone"],
)
def test_recipes_find_the_labels(survey, tmp_path, changes):
    settings = small_settings("slam") | changes
    x, table, place = trained(survey, settings, tmp_path)
    found = ENGINE.predict(ENGINE.load([place], kind="dM", settings=settings), x, table)
    usual = np.isfinite(found.values[:, 0])
    off = found.values[usual] - table.loc[usual, ["teff", "m_h"]].to_numpy()
    assert usual.sum() > 80 and np.median(np.abs(off[:, 0])) < 30 and np.median(np.abs(off[:, 1])) < 0.05


def test_recipes_set_what_they_are_made_of():
    import yaml

    from mstars.core.config.check import checked
    from mstars.engines.registry import engine_models, engine_settings

    for recipe, variance, loss in (
        ("default", "covariance", "square"),
        ("paper", "cv_mse", "square"),
        ("astroslam", "training_mse_squared", "soft_l1"),
    ):
        said = yaml.safe_load(f"engines: {{slam: {{recipe: {recipe}}}}}")
        settings = engine_settings(checked(said, engine_models()), "slam")
        assert (settings["model_error"], settings["loss"]) == (variance, loss)
        assert settings["drop_noisy"] == settings["grow_gaps"] == (recipe == "astroslam")


def test_errors_and_flags_of_the_fit(survey, tmp_path):
    settings = small_settings("slam")
    x, table, place = trained(survey, settings, tmp_path)
    model = ENGINE.load([place], kind="dM", settings=settings)
    found = ENGINE.predict(model, x, table)
    usual = np.isfinite(found.values[:, 0])
    assert (found.extra["teff_cv_err"][usual] > 0).all() and np.isnan(found.extra["teff_bt"]).all()
    model.limits[:] = 1e-9
    flags = ENGINE.predict(model, x, table).flag
    assert ((flags & EngineFlag.POOR_FIT > 0) == usual).all()
    fewest = x.take(slice(0, 1))
    fewest.ivar = np.zeros_like(fewest.ivar)
    assert np.isnan(ENGINE.predict(model, fewest, table[:1]).values).all()


def test_fewer_stars_than_folds_are_refused(survey):
    settings = small_settings("slam") | {"folds": 100}
    with pytest.raises(InputError, match="100"):
        ENGINE.training_set(survey.read, kind="dM", settings=settings, rules=RULES)


def test_labels_outside_the_paper_s_cuts_are_left_out(survey):
    settings = small_settings("slam")
    table, summary = ENGINE.training_set(
        survey.read, kind="dM", settings=settings | {"cuts": {"teff": (3600, None)}}, rules=RULES
    )
    assert table["teff"].min() >= 3600 and any("teff" in reason for reason in summary["excluded"])


def test_the_info_has_the_authors_pixels():
    assert len(INFO.grid) == 1596 and ENGINE.grid(small_settings("slam")) == INFO.grid
