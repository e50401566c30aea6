"""An emulator and networks trained once for all tests here."""

import itertools

import pytest
import torch
from made_csn import NETWORK, SMALL, made_domains, small_passage, trained_emulator

from mstars.engines.csn.training import train_networks


@pytest.fixture(scope="session")
def small_emulator():
    return trained_emulator()[0]


@pytest.fixture(scope="session")
def small_training(small_emulator, tmp_path_factory):
    """The passage of a short training, its domains and its history."""
    domains, _ = made_domains(small_emulator, gap=0.05)
    arguments = {"seed": 3, "folder": tmp_path_factory.mktemp("csn"), "device": torch.device("cpu")}
    worth = itertools.count(0, -1)  # the last checkpoint is the best
    generator, history, _ = train_networks(domains, SMALL, NETWORK, lambda net: {"chi2": next(worth)}, **arguments)
    return small_passage(small_emulator, generator), domains, history
