"""The engine beyond the contract: stars outside the library, tellurics, libraries that are too small."""

import numpy as np
import pandas as pd
import pytest
from made_engines import small_settings
from made_library import SPAN, make_library, make_targets

from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.engines.contract import EngineInput
from mstars.engines.laspm.edges import fit_slopes
from mstars.engines.laspm.match import MatchOptions
from mstars.engines.laspm.model import ENGINE, LaspmModel
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength


def model(**changes):
    library, settings = make_library(1200), small_settings("laspm") | changes
    about = {"errors": {label: {"a": 100.0, "b": 5.0} for label in ENGINE.info.labels}}
    about |= {"label_min": library.labels.min(axis=0), "label_max": library.labels.max(axis=0)}
    return LaspmModel(library, fit_slopes(library.flux, library.labels)[0], MatchOptions.of(settings), settings, about)


def estimates(model, flux, ivar):
    n = len(flux)
    return ENGINE.predict(
        model, EngineInput(flux, ivar, np.zeros(n, np.float32)), pd.DataFrame({"snri": np.full(n, 40.0)})
    )


def test_a_star_beyond_the_library_is_flagged_and_drawn_inward():
    flux, ivar, labels, _ = make_targets(400, snr=(60, 200), reach=1.5)
    found = estimates(model(), flux, ivar)
    flagged = found.flag & EngineFlag.AT_BOUNDARY > 0
    excess = np.abs((labels - [3600, 4.8, -0.1]) / SPAN).max(axis=1)
    assert flagged[excess > 1.25].mean() > 0.9 and flagged[excess < 0.95].mean() < 0.03
    beyond = labels[:, 0] > 4100 + 100
    assert (found.values[beyond, 0] <= 4100).all()


def test_errors_and_spread():
    flux, ivar, _, _ = make_targets(10)
    found = estimates(model(poor_chi2=1e-3), flux, ivar)
    assert (found.error == 7.5).all() and (found.extra["teff_spread"] > 0).all()
    assert (found.flag & EngineFlag.POOR_FIT > 0).all() and np.abs(found.chi2 - 1).max() < 0.5


def test_tellurics_do_not_count_where_they_are_observed():
    wavelength = lamost_wavelength()
    flux = 1 + 0.1 * np.sin(wavelength / 30)[None].astype(np.float32)
    spectra = SpectrumSet(flux, np.ones_like(flux), np.zeros(flux.shape, np.uint8), wavelength, np.array(["k"]))
    settings = small_settings("laspm") | {"tellurics": ((7590, 7700),)}
    x = ENGINE.prepare(spectra, np.array([300.0]), settings)
    out = ENGINE.grid(settings).wavelength[x.ivar[0] == 0]
    assert out.min() == pytest.approx(7590 / 1.001, abs=3) and out.max() == pytest.approx(7700 / 1.001, abs=3)
    assert x.filled[0] < 0.01 and x.flux.mean() == pytest.approx(1, abs=1e-5)


def test_a_library_too_small_is_told_in_one_line(trained_engine, tmp_path):
    trained = trained_engine("laspm")
    rows = np.arange(4)
    with pytest.raises(InputError, match=r"laspm_dM: 1 usable spectra"):
        ENGINE.train(
            trained.x.take(rows), trained.training.iloc[rows], kind="dM", part="all", settings=trained.settings,
            seed=1, folder=tmp_path, about={},
        )  # fmt: skip


def test_one_a_cell_makes_a_smaller_library(trained_engine, tmp_path):
    trained = trained_engine("laspm")
    settings = trained.settings | {"use": "grid", "cell": (100, 0.1, 0.1)}
    ENGINE.train(
        trained.x, trained.training, kind="dM", part="all", settings=settings, seed=1, folder=tmp_path, about={}
    )  # fmt: skip
    whole, grid = trained.load(), ENGINE.load([tmp_path], kind="dM", settings=settings)
    assert 5 < len(grid.library) < len(whole.library) and set(grid.library.key) < set(whole.library.key)
