import numpy as np
import pytest
import torch
from made_csn import N_PIXEL, small_passage

from mstars.core.config.keys import plain
from mstars.engines.contract import EngineInput
from mstars.engines.csn.settings import CsnSettings
from mstars.engines.csn.transfer import maps, residuals

WAVELENGTH = 6000.0 + np.arange(N_PIXEL)


def settings(**fit):
    return {**plain(CsnSettings()), "fit": {**plain(CsnSettings())["fit"], "steps": 12, **fit}}


@pytest.fixture(scope="module")
def passage(small_emulator):
    return small_passage(small_emulator).double()


def observed(passage, n=40, gap=0.0, noise=0.02):
    draws = torch.Generator().manual_seed(2)
    y = 0.8 * (torch.rand(n, 3, generator=draws, dtype=torch.float64) - 0.5)
    wave = gap * torch.cos(25 * torch.linspace(0, 1, N_PIXEL, dtype=torch.float64))
    flux = passage.theory(y) * (1 + wave) + noise * torch.randn(n, N_PIXEL, generator=draws, dtype=torch.float64)
    ivar = np.full(flux.shape, noise**-2, np.float32)
    ivar[:, 100:120] = 0
    return passage.emulator.unscaled(passage.whole(y)).numpy(), EngineInput(flux.float().numpy(), ivar, np.zeros(n))


def test_without_a_gap_the_residuals_are_the_noise_and_with_one_larger(passage):
    for gap, low, high in ((0.0, 0.95, 1.05), (0.1, 2.0, 6.0)):
        table, numbers = residuals(passage, observed(passage, gap=gap)[1], settings(), WAVELENGTH)
        assert low < numbers["theory"] < high
    assert table["error"].dropna().to_numpy() == pytest.approx(0.02, rel=1e-5)
    assert table.loc[100:119, ["error", "theory", "transfer"]].isna().all(axis=None) and len(table) == N_PIXEL


def test_maps_have_a_place_for_each_spectrum_of_either_domain(passage):
    labels, x = observed(passage)
    table = maps(passage, x.flux, labels, seed=1)
    assert (table.groupby(["panel", "domain"]).size() == 40).all() and table["panel"].nunique() == 3
    assert np.isfinite(table[["x", "y"]]).all(axis=None) and table.equals(maps(passage, x.flux, labels, seed=1))
