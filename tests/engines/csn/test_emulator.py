import numpy as np
import pytest
import torch
from made_csn import EMULATOR, N_PIXEL, theory_flux, theory_labels, trained_emulator

from mstars.core.errors import InputError
from mstars.engines.csn.emulator import (
    Emulator,
    EmulatorSettings,
    emulator_arrays,
    emulator_of,
    leave_nodes_out,
    reconstruction_error,
    split_nodes,
    train_emulator,
)

USED = np.ones(N_PIXEL, bool)
PIXELS = {"components": 0, "loss": "l1"}


@pytest.fixture(scope="module")
def found():
    return trained_emulator()


def test_labels_are_scaled_to_the_grid_and_back():
    emulator = Emulator([3000, 4.5, -1, 0.1], [4000, 5.5, 0.5, 0.1], 4, 7)
    labels = torch.tensor([[3000, 4.5, -1, 0.1], [4000, 5.5, 0.5, 0.1], [3250, 5.0, 0.5, 0.1]], dtype=torch.float64)
    scaled = emulator.scaled(labels)
    assert torch.allclose(scaled[:, 0], torch.tensor([-0.5, 0.5, -0.25])) and (scaled[:, 3] == 0).all()
    assert torch.allclose(emulator.unscaled(scaled), labels.double(), atol=1e-4)


def test_spectra_between_the_nodes_are_reproduced_to_a_percent(found):
    emulator, history = found
    draws = np.random.default_rng(8)
    labels = draws.uniform([3100, 4.6, -0.9, 0.05], [3900, 5.4, 0.4, 0.35], (50, 4))
    error = reconstruction_error(emulator, labels, theory_flux(labels), USED)
    assert error.max() < 0.01 and np.median(error) < 0.005
    assert len(history) == 100 and history["valid_loss"].iloc[-1] < 0.1 * history["valid_loss"].iloc[0]


def test_the_reconstruction_error_is_equation_1(found):
    emulator, _ = found
    labels, used = theory_labels()[:3], USED.copy()
    used[100:200] = False
    flux = theory_flux(labels)
    with torch.no_grad():
        made = emulator(torch.from_numpy(labels)).numpy()
    expected = [np.mean([abs(f - m) / f for f, m, one in zip(flux[k], made[k], used, strict=True) if one])
                for k in range(3)]  # fmt: skip
    assert reconstruction_error(emulator, labels, flux, used) == pytest.approx(expected, rel=1e-5)


def test_nodes_left_out_are_reproduced_worse_than_known_ones(found):
    labels = theory_labels()
    flux = theory_flux(labels)
    settings = EmulatorSettings(**vars(EMULATOR) | {"steps": 600})
    error = leave_nodes_out(labels, flux, USED, settings, parts=3, seed=1)
    inside = (np.abs(labels[:, 0] - 3500) < 450) & (labels[:, 1] == 5) & (np.abs(labels[:, 2] + 0.25) < 0.5)
    assert np.isfinite(error).all() and np.median(error[inside]) < 0.01
    known = reconstruction_error(found[0], labels, flux, USED)
    assert np.median(error) > np.median(known)


def test_the_smooth_activation_is_nearer_to_the_truth_between_the_nodes(found):
    draws = np.random.default_rng(8)
    labels = draws.uniform([3100, 4.6, -0.9, 0.05], [3900, 5.4, 0.4, 0.35], (50, 4))
    payne = EmulatorSettings(**vars(EMULATOR) | {"activation": "leaky_relu", "schedule": "constant"} | PIXELS)
    errors = [reconstruction_error(one, labels, theory_flux(labels), USED)
              for one in (found[0], trained_emulator(payne)[0])]  # fmt: skip
    assert np.median(errors[0]) < 0.7 * np.median(errors[1])


def test_principal_components_are_multiplied_into_the_last_layer_and_bring_spectra_nearer(found):
    draws = np.random.default_rng(8)
    labels = draws.uniform([3100, 4.6, -0.9, 0.05], [3900, 5.4, 0.4, 0.35], (50, 4))
    nodes = theory_flux(theory_labels()[np.random.default_rng(1).random(len(theory_labels())) >= 0.2])
    _, _, spectra = np.linalg.svd(nodes - nodes.mean(axis=0), full_matrices=False)
    few = trained_emulator(EmulatorSettings(**vars(EMULATOR) | {"components": 3, "steps": 100}))[0]
    with torch.no_grad():
        off = few(torch.from_numpy(labels)).double().numpy() - nodes.mean(axis=0)
    assert np.abs(off - off @ spectra[:3].T @ spectra[:3]).max() < 1e-5 < 0.01 < np.abs(off).max()
    pixels = trained_emulator(EmulatorSettings(**vars(EMULATOR) | PIXELS))[0]
    errors = [reconstruction_error(one, labels, theory_flux(labels), USED) for one in (found[0], pixels)]
    assert np.median(errors[0]) < 0.7 * np.median(errors[1])


def test_weights_survive_a_model_folder(found):
    emulator, _ = found
    again = emulator_of(emulator_arrays(emulator), "silu")
    labels = torch.from_numpy(theory_labels()[:5])
    assert torch.equal(again(labels), emulator(labels))


def test_some_nodes_validate_and_never_all():
    draws = np.random.default_rng(1)
    assert split_nodes(100, 0.8, draws).sum() == 20
    assert split_nodes(2, 0.8, draws).sum() == 1 and split_nodes(2, 0.01, draws).sum() == 1


def test_a_grid_with_holes_is_refused():
    labels = theory_labels()[:6]
    flux = theory_flux(labels)
    flux[2, 5] = np.nan
    with pytest.raises(InputError, match="not finite.*engines.csn.theory"):
        train_emulator(labels, flux, split_nodes(6, 0.8, np.random.default_rng(1)), EMULATOR, 1)
