import numpy as np
import pytest
import torch
from made_csn import N_PIXEL, TINY, small_passage, tiny_networks

from mstars.engines.csn.architecture import start_alike
from mstars.engines.csn.fit import BOUND, Model, gauss_newton, jacobian, lbfgs, nearest_start

NOISE = 0.01


@pytest.fixture(scope="module")
def passage(small_emulator):
    return small_passage(small_emulator)


def spectra(passage, n, seed=4, noise=NOISE):
    draws = torch.Generator().manual_seed(seed)
    y = 0.5 * (torch.rand(n, 3, generator=draws) - 0.5)
    flux = passage.theory(y)
    return y, flux + noise * torch.randn(flux.shape, generator=draws)


def test_forward_derivatives_are_torchs_and_the_differences(passage):
    double = passage.double()
    y = torch.tensor([[0.1, -0.2, 0.13], [0.3, 0.1, -0.35]], dtype=torch.float64)
    draws = torch.Generator().manual_seed(1)
    split = double.split_features(torch.randn(2, 2, 4, generator=draws, dtype=torch.float64))
    small = 1e-6
    moved = [Model.observed(double, transfer) for transfer in ("whole", "difference")]
    for model, beside in ((Model.theory(double), ()), *((one, (split,)) for one in moved)):
        flux, slopes = model.with_slopes(y, *beside)
        same, expected = jacobian(model.flux, y, *beside)
        assert slopes.shape == (3, 2, N_PIXEL) and torch.allclose(flux, same) and torch.allclose(slopes, expected)
        for label in range(3):
            step = small * torch.eye(3, dtype=torch.float64)[label]
            difference = (model.flux(y + step, *beside) - model.flux(y - step, *beside)) / (2 * small)
            assert float((difference - slopes[label]).abs().max()) < 1e-3 * float(slopes.abs().max())


def test_the_difference_of_the_decoders_is_added_to_theory(passage):
    double = passage.double()
    net, scale = double.generator, double.scale
    y = torch.tensor([[0.1, -0.2, 0.13]], dtype=torch.float64)
    split = torch.randn(1, 2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    theory, features = double.theory(y), double.split_features(split)
    shared = net.encode_synth(double.given(theory))
    whole, again = scale.remove(net.decode_obs(shared, split)), scale.remove(net.decode_synth(shared))
    assert torch.allclose(Model.observed(double).flux(y, features), whole)
    assert torch.allclose(Model.observed(double, "difference").flux(y, features), theory + whole - again)
    assert float((whole - again).abs().max()) > 0.003
    assert torch.allclose(double.rebuilt(shared, features), whole)


def test_networks_that_rebuild_nothing_leave_theory_as_it_is(small_emulator):
    """Untrained networks whose domains are the same: theory moved by the difference still gives the labels."""
    generator = tiny_networks(dtype=torch.float32)[0]
    start_alike(generator)
    with torch.no_grad():
        generator.obs_out[0].weight[TINY.domain[-1] :] = 0  # what the split latent adds
    alike = small_passage(small_emulator, generator).double()
    y, flux = spectra(alike, 60)
    weight, features = torch.full_like(flux, NOISE**-2), alike.split_features(alike.encode(flux)[1])
    found = gauss_newton(Model.observed(alike, "difference"), flux, weight, torch.zeros_like(y), features)
    pull = (found.y - y) / torch.diagonal(found.covariance, dim1=1, dim2=2).sqrt()
    assert float(pull.mean(dim=0).abs().max()) < 3 / np.sqrt(60)
    assert float((alike.observed(y, features) - alike.theory(y)).abs().mean()) > 0.01


def test_labels_come_back_with_errors_that_are_true(passage):
    y, flux = spectra(passage, 200)
    weight = torch.full_like(flux, NOISE**-2)
    found = gauss_newton(Model.theory(passage), flux, weight, nearest_start(passage, flux, weight, 3))
    error = torch.diagonal(found.covariance, dim1=1, dim2=2).sqrt()
    pull = ((found.y - y) / error).numpy()
    assert found.converged.float().mean() > 0.97 and not found.at_boundary.any()
    assert np.abs(pull.mean(axis=0)).max() < 3 / np.sqrt(200)
    assert ((pull.std(axis=0) > 0.85) & (pull.std(axis=0) < 1.15)).all()
    assert float((found.chi2 / (N_PIXEL - 3)).mean()) == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_both_optimisers_reach_the_same_chi2(small_training):
    """In the observed domain, through the networks."""
    passage, domains, history = small_training
    assert history["rec_obs"].iloc[-1] < 3
    flux, weight = (torch.from_numpy(array[:40]) for array in (domains.flux, domains.ivar))
    split = passage.split_features(passage.encode(flux)[1])
    shared, _ = passage.encode(flux)
    start = nearest_start(passage, passage.to_synth(shared), torch.ones_like(flux), 3)
    fast, paper = (one(Model.observed(passage), flux, weight, start, split) for one in (gauss_newton, lbfgs))
    assert float((fast.chi2 - paper.chi2).max()) < 0.1


def test_fits_do_not_depend_on_their_neighbours(passage):
    _, flux = spectra(passage, 30)
    weight = torch.full_like(flux, NOISE**-2)
    start = torch.zeros(30, 3)
    double = Model.theory(passage.double())
    given = [value.double() for value in (flux, weight, start)]
    together, alone = (gauss_newton(double, *(value[:k] for value in given)) for k in (30, 3))
    assert torch.allclose(together.y[:3], alone.y, atol=1e-9)


def test_a_label_outside_the_grid_stays_at_its_edge(passage):
    y = torch.tensor([[0.0, 0.0, 0.0]])
    flux = passage.theory(y) + 5 * (passage.theory(y + torch.tensor([0.3, 0, 0])) - passage.theory(y))
    found = gauss_newton(Model.theory(passage), flux, torch.full_like(flux, 1e4), y)
    assert found.at_boundary.all() and float(found.y[0, 0]) == pytest.approx(BOUND)


def test_a_spectrum_without_weight_has_no_error(passage):
    _, flux = spectra(passage, 2)
    weight = torch.full_like(flux, 1e4)
    weight[1] = 0
    found = gauss_newton(Model.theory(passage), flux, weight, torch.zeros(2, 3))
    assert torch.isfinite(found.covariance[0]).all() and torch.isnan(found.covariance[1]).all()


def test_alpha_is_tied_to_metallicity_or_free(passage):
    y = torch.tensor([[0.0, 0.0, -0.25], [0.0, 0.0, 0.5]])
    assert torch.allclose(passage.whole(y)[:, 3], torch.tensor([0.05, -0.5]))
    free = torch.cat([y, torch.tensor([[0.1], [0.2]])], dim=1)
    assert passage.whole(free) is free
