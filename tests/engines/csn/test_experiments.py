import numpy as np
import pandas as pd
import pytest
import torch
from made_csn import N_PIXEL, alike_passage

from mstars.core.config.keys import plain
from mstars.engines.contract import EngineInput
from mstars.engines.csn.experiments import EXPERIMENTS, neighbours_in_snr, pair_experiment, split_experiment
from mstars.engines.csn.population import VARIANTS
from mstars.engines.csn.settings import CsnSettings

SETTINGS = {**plain(CsnSettings()), "fit": {**plain(CsnSettings())["fit"], "steps": 12}}
WAVELENGTH = 6000.0 + np.arange(N_PIXEL)


@pytest.fixture(scope="module")
def passage(small_emulator):
    return alike_passage(small_emulator)


def spectra(passage, n=30, noise=0.01):
    """Observed spectra without a gap, and their labels."""
    draws = torch.Generator().manual_seed(2)
    y = 0.8 * (torch.rand(n, 3, generator=draws, dtype=torch.float64) - 0.5)
    flux = passage.theory(y) + noise * torch.randn(n, N_PIXEL, generator=draws, dtype=torch.float64)
    ivar = np.full(flux.shape, noise**-2, np.float32)
    return passage.emulator.unscaled(passage.whole(y)).numpy(), EngineInput(flux.float().numpy(), ivar, np.zeros(n))


def test_other_spectra_of_like_snr_are_taken():
    snr = np.random.default_rng(1).permutation(100).astype(float)
    other = neighbours_in_snr(snr, np.random.default_rng(2), width=5)
    assert (other != np.arange(100)).all() and np.abs(snr[other] - snr).max() <= 5
    assert neighbours_in_snr(np.array([3.0, 1.0]), np.random.default_rng(1)).tolist() == [1, 0]


def test_the_split_experiment_has_its_numbers(passage):
    _, x = spectra(passage)
    table, numbers = split_experiment(passage, x, np.arange(30.0), SETTINGS, WAVELENGTH, seed=1)
    assert {"teff_own", "teff_other", "teff_err", "m_h_other"} <= set(table) and numbers["n"] == 30
    assert numbers["teff"]["moved"] == 0  # spectra that need no split latent
    assert set(numbers["logg"]) == {"moved", "bias", "sigma", "r2_split", "r2_shared"}
    again = split_experiment(passage, x, np.arange(30.0), SETTINGS, WAVELENGTH, seed=1)[1]
    assert again == numbers


def test_networks_that_are_alike_agree_and_the_truth_is_beside_them(passage):
    labels, x = spectra(passage)
    truth = pd.DataFrame(labels[:, :3], columns=["teff", "logg", "m_h"])
    table, numbers = pair_experiment({"all": passage, "shifted": passage}, x, SETTINGS, WAVELENGTH, truth)
    assert numbers["teff"]["bias"] == 0 and numbers["teff_share"] == 0 and numbers["other"] == "shifted"
    assert numbers["teff"]["slope"] == pytest.approx(1) and numbers["teff"]["correlation"] == pytest.approx(1)
    assert table["teff_true"].tolist() == labels[:, 0].tolist() and "slope_true_own" in numbers["m_h"]
    without = pair_experiment({"all": passage, "shifted": passage}, x, SETTINGS, WAVELENGTH)[1]
    assert "sigma_true_own" not in without["teff"]


def test_each_experiment_compares_parts_that_can_be_trained():
    assert set(EXPERIMENTS) == {"split", "zero_point", "gravity"}
    assert all(parts[0] == "all" and set(parts) <= set(VARIANTS) for parts in EXPERIMENTS.values())
