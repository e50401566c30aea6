import copy

import numpy as np
import pytest
import torch
from made_csn import N_PIXEL, alike_passage

from mstars.core.config.keys import plain
from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.engines.contract import EngineInput
from mstars.engines.csn.labels import estimate, synthetic_fit, within
from mstars.engines.csn.settings import CsnSettings

WAVELENGTH = 6000.0 + np.arange(N_PIXEL)
NOISE = 0.005
CHANGES = [
    {"alpha": "tied"},
    {"optimiser": "lbfgs"},
    {"domain": "synthetic"},
    {"transfer": "difference"},
    {"transfer": "difference", "domain": "synthetic"},
]


def settings(**fit):
    whole = plain(CsnSettings())
    return {**whole, "fit": {**whole["fit"], **fit}}


@pytest.fixture(scope="module")
def passage(small_emulator):
    return alike_passage(small_emulator)


def spectra(passage, n=40, kms=0.0, k=3):
    """With k of 4 the stars' [alpha/M] is not that of the synthetic set."""
    draws = torch.Generator().manual_seed(2)
    y = 0.6 * (torch.rand(n, k, generator=draws, dtype=torch.float64) - 0.5)
    flux = passage.theory(y).numpy()
    flux = np.stack([np.interp(WAVELENGTH / (1 + kms / C_KMS), WAVELENGTH, row) for row in flux])
    flux += np.random.default_rng(3).normal(0, NOISE, flux.shape)
    x = EngineInput(flux.astype(np.float32), np.full(flux.shape, NOISE**-2, np.float32), np.zeros(n, np.float32))
    return passage.emulator.unscaled(passage.whole(y)).numpy(), x


def test_without_a_gap_labels_are_unbiased_and_their_errors_true(passage):
    labels, x = spectra(passage, n=150)
    found = estimate(passage, x, settings(), WAVELENGTH)
    pull = (found.values - labels[:, :3]) / found.error
    assert (np.abs(pull.mean(axis=0)) < 3 / np.sqrt(150)).all()
    assert ((pull.std(axis=0) > 0.85) & (pull.std(axis=0) < 1.15)).all() and not found.flag.any()
    assert np.median(found.chi2) == pytest.approx(1, abs=0.02) and np.isnan(found.extra["rv_shift"]).all()


def test_stars_whose_alpha_is_their_own_are_measured_with_it_and_wrong_without(passage):
    labels, x = spectra(passage, n=150, k=4)
    free, tied = (estimate(passage, x, settings(alpha=alpha), WAVELENGTH) for alpha in ("free", "tied"))
    pull = (free.values - labels[:, :3]) / free.error
    assert (np.abs(pull.mean(axis=0)) < 3 / np.sqrt(150)).all() and (pull.std(axis=0) < 1.15).all()
    assert np.std(free.extra["alpha_m_fitted"] - labels[:, 3]) < 0.2 * np.std(labels[:, 3])
    assert np.median(free.chi2) == pytest.approx(1, abs=0.02) and np.median(tied.chi2) > 1.5


def test_alpha_is_tied_where_the_grid_has_one_only(passage):
    one = copy.deepcopy(passage.emulator)
    one.upper[3] = one.lower[3]
    single = type(passage)(**{**vars(passage), "emulator": one})
    assert [single.fitted_labels(alpha) for alpha in ("free", "tied")] == [3, 3]
    assert [passage.fitted_labels(alpha) for alpha in ("free", "tied")] == [4, 3]


def test_fits_in_the_synthetic_domain_end_at_the_minimum(passage):
    """Spectra without noise: labels to a tenth of the error that noise of the synthetic spectra would make."""
    draws = torch.Generator().manual_seed(2)
    y = 0.6 * (torch.rand(40, 3, generator=draws, dtype=torch.float64) - 0.5)
    found = synthetic_fit(passage, passage.theory(y), 3, 30)
    error = torch.diagonal(found.covariance, dim1=1, dim2=2).sqrt()
    assert float(((found.y - y) / error).abs().max()) < 0.1


def test_a_velocity_beside_the_catalogues_is_found(passage):
    _, x = spectra(passage, kms=40.0)
    found = estimate(passage, x, settings(rv="own"), WAVELENGTH)
    assert np.median(found.extra["rv_shift"]) == pytest.approx(40, abs=3)


@pytest.mark.parametrize("changes", CHANGES)
def test_every_option_gives_the_labels(passage, changes):
    labels, x = spectra(passage, n=8)
    found = estimate(passage, x, settings(**changes), WAVELENGTH)
    assert np.abs(found.values[:, 0] - labels[:, 0]).max() < 60 and np.isfinite(found.error).all()


def test_spectra_without_information_and_poor_fits(passage):
    _, x = spectra(passage, n=3)
    x.ivar[0] = 0
    x.flux[1] += np.random.default_rng(1).normal(0, 30 * NOISE, N_PIXEL)
    found = estimate(passage, x, settings(), WAVELENGTH)
    assert np.isnan(found.values[0]).all() and np.isnan(found.error[0]).all() and found.flag[0] == 0
    assert found.flag[1] & EngineFlag.POOR_FIT and not found.flag[2] & EngineFlag.POOR_FIT


def test_spectra_beyond_the_synthetic_set_are_left_out(passage):
    labels, x = spectra(passage, n=60)
    edges = np.array([[3400.0, 4.5, -0.5, 0.0], [3650.0, 5.5, 0.1, 0.4]])
    rows = np.arange(0, 60, 2)
    found = within(passage, x, rows, edges, settings()["fit"])
    off = np.minimum(labels - edges[0], edges[1] - labels)[rows][:, [0, 2]] / [30, 0.05]  # in units of the fits' error
    assert set(rows[(off > 1).all(axis=1)]) <= set(found) <= set(rows[(off > -1).all(axis=1)])
    assert 3 < len(found) < 25
    with pytest.raises(InputError, match="all 30 observed spectra beyond.*engines.csn.sample.beyond"):
        within(passage, x, rows, edges + [2000, 0, 0, 0], settings()["fit"])
