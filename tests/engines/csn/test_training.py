import copy
import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from made_csn import N_PIXEL, NETWORK, TINY, made_domains
from safetensors.torch import load

from mstars.core.errors import InputError
from mstars.engines.csn import alignment
from mstars.engines.csn.latents import told_apart
from mstars.engines.csn.training import Trainer, align, flux_scale, learning_rate, train_networks
from mstars.networks.checkpoint import NAME

CPU = torch.device("cpu")
SHORT = {**NETWORK, "iterations": 12, "checkpoint": 4}


@pytest.fixture(scope="module")
def domains(small_emulator):
    return made_domains(small_emulator, n=40)[0]


def score(generator):
    """Stands for the fits that judge a checkpoint: any number of the weights."""
    return {"chi2": float(generator.obs_out[-1].bias.detach())}


def train(domains, folder, judge=score, **changes):
    return train_networks(domains, TINY, {**SHORT, **changes}, judge, seed=3, folder=folder, device=CPU)


def same(first, second):
    return all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())


class Killed(Exception):
    pass


def killed_after(count):
    def judge(generator):
        judge.calls += 1
        if judge.calls > count:
            raise Killed
        return score(generator)

    judge.calls = 0
    return judge


@pytest.mark.parametrize("after", [1, 2])
def test_a_killed_training_ends_with_the_same_bytes(domains, tmp_path, monkeypatch, after):
    monkeypatch.setattr(alignment, "_EVERY", 2)
    monkeypatch.setattr(alignment, "_ENOUGH", 0.1)
    whole, history, about = train(domains, tmp_path / "whole")
    with pytest.raises(Killed):
        train(domains, tmp_path / "killed", killed_after(after))
    again, history_again, about_again = train(domains, tmp_path / "killed")
    assert same(whole, again) and history.equals(history_again) and about == about_again
    states = [load((tmp_path / name / NAME).read_bytes()) for name in ("whole", "killed")]
    assert set(states[0]) == set(states[1]) and all(
        torch.equal(value, states[1][key]) for key, value in states[0].items()
    )
    matrix = states[0]["generator.obs_matrix"]
    assert not torch.equal(matrix, torch.eye(len(matrix)))


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from test_training import Trainer, train
usual, steps = Trainer.step, []
def step(self, *given):
    steps.append(1)
    if len(steps) == 7:  # two iterations after the first checkpoint
        os.kill(os.getpid(), signal.SIGKILL)
    return usual(self, *given)
Trainer.step = step
train(torch.load(sys.argv[1], weights_only=False), Path(sys.argv[2]))
"""


def test_a_training_that_gets_sigkill_ends_with_the_same_bytes(domains, tmp_path):
    torch.save(domains, tmp_path / "domains.pt")
    threads = str(torch.get_num_threads())
    places = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    process = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "domains.pt", tmp_path / "killed"],
        env={**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": threads},
    )
    assert process.returncode == -signal.SIGKILL and (tmp_path / "killed" / NAME).is_file()
    whole, history, about = train(domains, tmp_path / "whole")
    again, history_again, about_again = train(domains, tmp_path / "killed")
    assert same(whole, again) and history.equals(history_again) and about == about_again
    states = [load((tmp_path / name / NAME).read_bytes()) for name in ("whole", "killed")]
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


def test_a_checkpoint_of_other_data_settings_or_seed_is_not_gone_on_with(domains, tmp_path, caplog):
    train(domains, tmp_path)
    other = dataclasses.replace(domains, labels=domains.labels + 1)
    for changed in (lambda: train(other, tmp_path), lambda: train(domains, tmp_path, batch=4)):
        caplog.clear()
        with caplog.at_level("INFO"):
            changed()
        assert "going on" not in caplog.text


def test_a_training_can_be_made_longer(domains, tmp_path):
    whole, *_ = train(domains, tmp_path / "whole")
    train(domains, tmp_path / "grown", iterations=8)
    grown, history, about = train(domains, tmp_path / "grown")
    assert same(whole, grown) and len(history) == 3 and about["iterations"] == 12


def test_the_best_checkpoint_is_given(domains, tmp_path):
    worth, seen = iter([3.0, 1.0, 2.0]), []

    def judge(generator):
        seen.append(copy.deepcopy(generator.state_dict()))
        return {"chi2": next(worth)}

    generator, history, about = train(domains, tmp_path, judge)
    assert about["best_iteration"] == 8 and about["chi2"] == 1.0
    assert all(torch.equal(value, seen[1][name]) for name, value in generator.state_dict().items())
    assert history["iteration"].tolist() == [4, 8, 12] and history["chi2"].tolist() == [3, 1, 2]


@pytest.mark.slow
def test_losses_fall(small_training):
    _, _, history = small_training
    for name in ("rec_synth", "rec_obs", "cr_synth", "cr_obs"):
        assert history[name].iloc[-1] < 0.5 * history[name].iloc[0]
    assert {"adv", "critic", "total", "learning_rate"} <= set(history)


def test_the_weights_that_are_used_are_a_running_mean():
    trainer, share, values = Trainer.fresh(TINY, NETWORK, 3, CPU), 0.9, []
    weight = trainer.generator.shared_in[0].weight
    mean = weight.detach().clone()
    for iteration in range(120):
        with torch.no_grad():
            weight += 0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(iteration))
        trainer.remember(share, iteration)
        old = min(share, (1 + iteration) / (10 + iteration))
        mean = old * mean + (1 - old) * weight.detach()
        values.append(weight.detach().clone())
    found = trainer.average.shared_in[0].weight
    assert torch.allclose(found, mean, atol=1e-5) and not torch.allclose(found, values[-1], atol=1e-3)


def test_aligned_networks_leave_nothing_for_a_linear_classifier(small_emulator):
    domains, _ = made_domains(small_emulator, n=600, gap=0.1)
    net = Trainer.fresh(TINY, NETWORK, 3, CPU).generator

    def latents():
        """Of spectra of which every second one was in the training."""
        rows, labels = np.arange(len(domains.flux))[1::2], np.arange(len(domains.labels))[1::2]
        with torch.no_grad():
            return (
                net.encode_synth(domains.synthetic(labels)).flatten(1).numpy(),
                net.encode_obs(domains.observed(rows))[0].flatten(1).numpy(),
            )

    seen = dataclasses.replace(domains, rows=np.arange(len(domains.flux))[::2], labels=domains.labels[::2])
    synth, obs = latents()
    assert told_apart(synth, obs, seed=1) > 0.8
    align(net, seen, 3, CPU)
    same, moved = latents()
    assert np.array_equal(same, synth) and told_apart(same, moved, seed=1) < 0.6


def test_batches_hold_what_the_domains_say(domains):
    batch = domains.batch(np.random.default_rng(1), 8, CPU)
    assert batch.synth.shape == batch.obs_weight.shape == (8, TINY.length)
    inside = slice(42, 42 + N_PIXEL)
    std = domains.scale.std
    assert batch.synth_weight[:, inside] == pytest.approx(np.full((8, N_PIXEL), (std / 0.01) ** 2), rel=1e-5)
    assert (batch.obs_weight[:, 42 + 900 : 42 + 910] == 0).all() and (batch.obs_weight[:, :42] == 0).all()
    flux = domains.scale.remove(batch.obs)
    nearest = [np.abs(domains.flux - row).max(axis=1).min() for row in flux.numpy()]
    assert max(nearest) < 1e-5


def test_errors_below_the_least_do_not_count_for_more(domains):
    sharp = dataclasses.replace(domains, ivar=np.full_like(domains.ivar, 1e12))
    weight = sharp.batch(np.random.default_rng(1), 4, CPU).obs_weight
    assert float(weight.max()) == pytest.approx((domains.scale.std / 0.01) ** 2, rel=1e-5)


def test_the_rate_falls_at_the_milestones():
    network = {"learning_rate": 1.0, "decay": [10, 20], "decay_factor": 0.5}
    assert [learning_rate(network, one) for one in (0, 9, 10, 25)] == [1, 1, 0.5, 0.25]


def test_a_spectrum_that_is_no_number_stops_the_training_with_words(domains, tmp_path):
    broken = dataclasses.replace(domains, flux=np.full_like(domains.flux, np.nan))
    with pytest.raises(InputError, match="not finite in iteration 0; lower .*learning_rate"):
        train(broken, tmp_path)


def test_critics_that_diverge_stop_the_training_and_the_last_state_stays(domains, tmp_path, monkeypatch):
    train(domains, tmp_path, iterations=8)
    kept = (tmp_path / NAME).read_bytes()
    usual = Trainer.step
    monkeypatch.setattr(Trainer, "step", lambda self, *given: {**usual(self, *given), "critic": 1e3})
    with pytest.raises(InputError, match=f"critics diverged .*iterations to 8.*{tmp_path / NAME}"):
        train(domains, tmp_path)
    assert (tmp_path / NAME).read_bytes() == kept
    generator, _, about = train(domains, tmp_path, iterations=8)  # what the message says to do
    assert about["iterations"] == 8


def test_the_scale_is_that_of_the_flux_outside_the_masks(small_emulator, domains):
    used = np.ones(N_PIXEL, bool)
    used[:700] = False
    scale = flux_scale(small_emulator, domains.labels, used, TINY.length)
    with torch.no_grad():
        flux = small_emulator(torch.from_numpy(domains.labels)).numpy()[:, used]
    assert scale.mean == pytest.approx(flux.mean(), abs=1e-4) and scale.std == pytest.approx(flux.std(), rel=1e-3)
