"""The losses of Zhang et al. 2025, Eqs. 4 to 7, against the same equations written out in float64."""

import copy

import numpy as np
import pytest
import torch
from made_csn import TINY, tiny_networks

from mstars.engines.csn.alignment import Moments
from mstars.engines.csn.lengths import after
from mstars.engines.csn.losses import Batch, critic_loss, generator_losses, passages
from mstars.engines.csn.training import Trainer

WEIGHTS = (3.0, 9.0, 1.0)


def made_batch(n=3, seed=2):
    draws = np.random.default_rng(seed)
    shown = np.ones(TINY.length)
    shown[:40] = shown[500:600] = shown[-40:] = 0
    spectra = [torch.from_numpy(draws.normal(0, 1, (n, TINY.length)) * shown) for _ in range(2)]
    weights = [torch.from_numpy(draws.uniform(0, 50, (n, TINY.length)) * shown) for _ in range(2)]
    weights[1][:, 700:720] = 0  # no measurement
    return Batch(*spectra, *weights, torch.from_numpy(shown))


def numbers(tensor):
    return tensor.detach().numpy()


def d(x, y, weight):
    return np.mean(weight * (x - y) ** 2)


def cross_entropy(target, logit):
    probability = 1 / (1 + np.exp(-logit))
    return np.mean(-target * np.log(probability) - (1 - target) * np.log(1 - probability))


def plain(net, critics, batch):
    """Every term of Eqs. 4 to 6, each with its own encoding: L_rec, L_cr by domain, and the four of L_adv."""
    shown = batch.shown
    x_synth, x_obs = batch.synth, batch.obs
    z_sh_synth = net.encode_synth(x_synth)
    z_sh_obs, z_sp = net.encode_obs(x_obs)
    to_obs, to_synth = net.decode_obs(z_sh_synth, z_sp), net.decode_synth(z_sh_obs)
    z_sh_back, z_sp_back = net.encode_obs(to_obs * shown)
    terms = {
        "rec_synth": d(numbers(net.decode_synth(z_sh_synth)), numbers(x_synth), numbers(batch.synth_weight)),
        "rec_obs": d(numbers(net.decode_obs(z_sh_obs, z_sp)), numbers(x_obs), numbers(batch.obs_weight)),
        "cr_synth": d(numbers(net.decode_synth(z_sh_back)), numbers(x_synth), numbers(batch.synth_weight)),
        "cr_obs": d(
            numbers(net.decode_obs(net.encode_synth(to_synth * shown), z_sp)),
            numbers(x_obs),
            numbers(batch.obs_weight),
        ),
    }
    logits = [
        critics.synth(net.decode_synth(z_sh_synth) * shown, z_sh_synth),
        critics.synth(to_synth * shown, z_sh_obs),
        critics.obs(net.decode_obs(z_sh_obs, z_sp) * shown, torch.cat([z_sh_obs, z_sp], dim=1)),
        critics.obs(to_obs * shown, torch.cat([z_sh_synth, z_sp_back], dim=1)),
    ]
    return terms, [numbers(logit) for logit in logits]


def plain_total(net, critics, batch, adversarial):
    terms, (synth, synth_fake, obs, obs_fake) = plain(net, critics, batch)
    l_adv = cross_entropy(1, synth) + cross_entropy(0, synth_fake) + cross_entropy(1, obs) + cross_entropy(0, obs_fake)
    adv = -l_adv if adversarial == "paper" else cross_entropy(1, synth_fake) + cross_entropy(1, obs_fake)
    total = WEIGHTS[0] * (terms["rec_synth"] + terms["cr_synth"]) + WEIGHTS[1] * (terms["rec_obs"] + terms["cr_obs"])
    return total + WEIGHTS[2] * adv, l_adv, {**terms, "adv": adv}


@pytest.mark.parametrize("adversarial", ["paper", "non_saturating"])
def test_losses_are_the_papers_equations(adversarial):
    net, critics = tiny_networks()
    batch = made_batch()
    ways = passages(net, batch)
    total, parts = generator_losses(critics, ways, batch, WEIGHTS, adversarial)
    expected, l_adv, terms = plain_total(net, critics, batch, adversarial)
    assert float(total.detach()) == pytest.approx(expected, rel=1e-12)
    assert float(critic_loss(critics, ways, batch).detach()) == pytest.approx(l_adv, rel=1e-12)
    assert {name: float(value.detach()) for name, value in parts.items()} == pytest.approx(terms, rel=1e-12)


def test_masked_pixels_do_not_count():
    net, critics = tiny_networks()
    batch, other = made_batch(), made_batch()
    other.obs[:, 700:720] = batch.obs[:, 700:720]
    ways = passages(net, batch)
    ways.obs_obs = ways.obs_obs + 100 * (1 - batch.shown)  # what is decoded under a mask
    total, _ = generator_losses(critics, ways, batch, WEIGHTS, "paper")
    assert float(total.detach()) == pytest.approx(plain_total(net, critics, batch, "paper")[0], rel=1e-9)


def unlike(features):
    """Moments of latents that differ, [2, features] and [2, features, features]."""
    draws = np.random.default_rng(8)
    mixing = draws.normal(0, 0.2, (2, features, features)) + np.eye(features)
    return torch.from_numpy(draws.normal(0, 0.3, (2, features))), torch.from_numpy(mixing @ mixing.transpose(0, 2, 1))


@pytest.mark.parametrize(
    ("adversarial", "alignment"), [("paper", "none"), ("non_saturating", "none"), ("non_saturating", "moments")]
)
def test_one_training_step_is_adams_on_the_equations(adversarial, alignment):
    """The generator goes down the total's gradient, then the critics down Eq. 5's; both are those of the equations."""
    net, critics = tiny_networks()
    if alignment == "moments":
        net.align_as(*unlike(TINY.shared_latent * after(TINY.length)))
    batch, rate = made_batch(), 1e-4
    optimizers = {
        name: torch.optim.Adam(part.parameters(), lr=rate, betas=(0.5, 0.999))
        for name, part in (("adam_generator", net), ("adam_critics", critics))
    }
    before = copy.deepcopy(net), copy.deepcopy(critics)
    moments = Moments(TINY.shared_latent * after(TINY.length))
    losses = Trainer(net, critics, optimizers, WEIGHTS, adversarial, moments, alignment).step(batch, rate)
    expected, l_adv, _ = plain_total(*before, batch, adversarial)
    assert losses["total"] == pytest.approx(expected, rel=1e-9)
    assert losses["critic"] == pytest.approx(l_adv, rel=1e-12)
    if alignment == "moments":
        sides = before[0].encode_synth(batch.synth), before[0].encode_raw(batch.obs)[0]
        assert numbers(moments.means) == pytest.approx(np.stack([numbers(z).mean(axis=0).ravel() for z in sides]))
    assert int(moments.batches) == (alignment == "moments")

    def minimised(which, net, critics):
        total, l_adv, _ = plain_total(net, critics, batch, adversarial)
        return l_adv if which else total

    for which, name, number in ((0, "shared_in.0.weight", 5), (0, "split_out.0.weight", 1), (1, "obs.judge.weight", 7)):
        slope = slope_of(before, which, name, number, minimised)
        old = before[which].get_parameter(name).reshape(-1)[number]
        new = (net, critics)[which].get_parameter(name).reshape(-1)[number]
        step = -rate * slope / (abs(slope) + 1e-8)  # Adam's first
        assert float((new - old).detach()) == pytest.approx(step, rel=1e-4)
        given = optimizers["adam_critics" if which else "adam_generator"]
        moment = given.state[(net, critics)[which].get_parameter(name)]["exp_avg"].reshape(-1)[number]
        assert float(moment) == pytest.approx(0.5 * slope, rel=1e-4)


def slope_of(networks, which, name, number, minimised, small=1e-6):
    """Derivative of what one network minimises by one of its weights, from differences of the plain equations."""
    found = []
    for sign in (1, -1):
        moved = copy.deepcopy(networks[0]), copy.deepcopy(networks[1])
        with torch.no_grad():
            moved[which].get_parameter(name).reshape(-1)[number] += sign * small
        found.append(minimised(which, *moved))
    return (found[0] - found[1]) / (2 * small)


def test_critics_give_the_generator_no_gradient():
    net, critics = tiny_networks()
    batch = made_batch()
    critic_loss(critics, passages(net, batch), batch).backward()
    assert all(value.grad is None for value in net.parameters())
    assert all(value.grad is not None for value in critics.parameters())
