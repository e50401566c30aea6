"""Small networks and theory grids for the tests of Cycle-StarNet."""

import itertools

import numpy as np
import torch

from mstars.engines.csn.architecture import Critics, Generator, Scale, Sizes, initialise
from mstars.engines.csn.emulator import EmulatorSettings, train_emulator
from mstars.engines.csn.passage import AlphaTie, Passage
from mstars.engines.csn.training import Domains

LENGTH = 2047
TINY = Sizes(LENGTH, (2, 3), (4, 4, 5), (2, 2, 2), 6, 2, (2, 2, 2, 2, 2), (3, 3, 3, 3, 3))
EMULATOR = EmulatorSettings(
    neurons=64,
    activation="silu",
    steps=1200,
    learning_rate=0.003,
    schedule="cosine",
    components=12,
    loss="l2",
    batch=256,
    train_share=0.8,
)
SMALL = Sizes(LENGTH, (6, 12), (16, 24, 24), (4, 4, 4), 10, 2, (4, 4, 8, 8, 8), (8, 8, 8, 8, 8))
N_PIXEL = LENGTH - 84
LINES = np.array([0.15, 0.35, 0.6, 0.8])


def tiny_networks(seed=3, dtype=torch.float64):
    draws = torch.Generator().manual_seed(seed)
    return tuple(initialise(one(TINY), draws).to(dtype) for one in (Generator, Critics))


def theory_labels(alphas=(0.0, 0.4)):
    """A grid of 4 x 3 x 4 nodes for each [alpha/M]."""
    teff, logg, m_h = np.linspace(3000, 4000, 6), np.array([4.5, 5.0, 5.5]), np.array([-1.0, -0.5, 0.0, 0.5])
    return np.array(list(itertools.product(teff, logg, m_h, alphas)))


def theory_flux(labels, n_pixel=N_PIXEL):
    """Normalised spectra with a line for each label, whose depths bend with the labels."""
    place = np.linspace(0, 1, n_pixel)
    scaled = (np.asarray(labels) - [3500, 5.0, -0.25, 0.2]) / [500, 0.5, 0.75, 0.2]
    flux = np.ones((len(scaled), n_pixel))
    for column, centre in enumerate(LINES):
        depth = 0.3 + 0.1 * scaled[:, [column]] + 0.02 * scaled[:, [column]] ** 2
        flux -= depth * np.exp(-0.5 * ((place - centre) / 0.04) ** 2)
    return flux * (1 + 0.02 * np.sin(9 * place) * scaled[:, [0]])


def trained_emulator(settings=EMULATOR, seed=1):
    labels = theory_labels()
    flux = theory_flux(labels)
    valid = np.random.default_rng(seed).random(len(labels)) < 0.2
    return train_emulator(labels, flux, valid, settings, seed)


def small_passage(emulator, generator=None, used=None):
    """A passage of the tiny networks."""
    generator = tiny_networks(dtype=torch.float32)[0] if generator is None else generator
    start = torch.rand(300, 4, generator=torch.Generator().manual_seed(5)) - 0.5
    tie = AlphaTie(torch.tensor([-0.5, 0.0, 0.5]), torch.tensor([0.4, -0.3, -0.5]))
    start[:, 3] = tie(start[:, 2])
    return Passage(
        generator.eval().requires_grad_(False),
        emulator.requires_grad_(False),
        Scale(0.95, 0.1, N_PIXEL, LENGTH),
        torch.ones(N_PIXEL, dtype=torch.bool) if used is None else used,
        tie,
        start,
    )


class AlikePassage(Passage):
    """A passage between two domains that are alike, without networks."""

    def encode(self, flux):
        return flux[:, None], flux[:, None, :4]

    def to_synth(self, shared):
        return shared[:, 0]

    def split_features(self, split):
        return split

    def observed(self, y, split, transfer="whole"):
        return self.theory(y)

    def observed_slopes(self, y, split, transfer="whole"):
        return self.theory_slopes(y)

    def rebuilt(self, shared, split):
        return shared[:, 0]


def alike_passage(emulator):
    double = small_passage(emulator).double()
    return AlikePassage(**vars(double))


NETWORK = {
    "learning_rate": 0.003,
    "decay": [400],
    "decay_factor": 0.3,
    "batch": 6,
    "iterations": 600,
    "checkpoint": 100,
    "weights": [3, 9, 1],
    "adversarial": "non_saturating",
    "start": "alike",
    "alignment": "moments",
    "average": 0.9,
}


def made_domains(emulator, n=120, seed=9, noise=0.03, gap=0.0):
    """Synthetic labels, and observed spectra of others: with noise, and with ``gap`` of another continuum."""
    draws = np.random.default_rng(seed)
    passage = small_passage(emulator)
    labels = [passage.whole(torch.from_numpy(draws.uniform(-0.45, 0.45, (n, 3)).astype(np.float32))) for _ in range(2)]
    with torch.no_grad():
        flux = emulator.of_scaled(labels[1]).numpy()
    flux = flux * (1 + gap * np.cos(25 * np.linspace(0, 1, N_PIXEL))) + draws.normal(0, noise, flux.shape)
    ivar = np.full(flux.shape, noise**-2, np.float32)
    ivar[:, 900:910] = 0
    synth = emulator.unscaled(labels[0]).numpy()
    arguments = {"synth_error": 0.01, "least_error": 0.01, "scale": passage.scale, "used": np.ones(N_PIXEL, bool)}
    domains = Domains(flux.astype(np.float32), ivar, np.arange(n - 20), synth, emulator, **arguments)
    return domains, labels[1]
