"""A fold's training that is killed, for real and anywhere, goes on to the same model."""

import random
import subprocess
import sys

import pytest
from places import ROOT

SCRIPT = """
import os, signal, sys
import numpy as np, pandas as pd, torch
from mstars.core.config.whole import filled
from mstars.engines.cnn.training import train_fold
from mstars.core.labels import LABELS

torch.set_num_threads(1)
config = filled({})
networks = config["spmm"]["networks"] | {"epochs": 6, "batch_size": 16, "noise": 0.1, "shift_kms": 5}
networks["architecture"] = {"channels": [2, 2, 4, 4], "kernels": [9, 7, 5, 5], "strides": [4, 1, 1, 1],
                            "pools": [4, 4, 2, 2]}
settings = config["spmm"] | {"loss_weights": "oversample"}
folder, last_step = sys.argv[1], int(sys.argv[2])
step, taken = torch.optim.Adam.step, [0]

def counted(self, *given, **named):
    taken[0] += 1
    if taken[0] == last_step:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(self, *given, **named)

torch.optim.Adam.step = counted
draws = np.random.default_rng(1)
depth = draws.uniform(0, 1, 100)
x = draws.normal(size=(100, 5000)).astype(np.float32)
x[:, 3000:3200] -= 3 * depth[:, None].astype(np.float32)
table = pd.DataFrame({label: 1 + depth for label in LABELS}).assign(fold=np.arange(100) % 10)
table["spectrum_key"] = table.index.astype(str)
train_fold(x, table, kind="dM", fold=3, networks=networks, settings=settings, seed=1, folder=folder, about={})
print(taken[0])
"""


def run(folder, last_step=0):
    command = [sys.executable, "-c", SCRIPT, folder, last_step]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)


@pytest.mark.slow
def test_a_fold_killed_at_a_random_step_ends_in_the_same_weights(tmp_path):
    whole = run(tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout)
    last_step = random.randint(2, steps - 1)
    killed = run(tmp_path / "killed", last_step)
    assert killed.returncode == -9 and not (tmp_path / "killed" / "model.json").exists()
    again = run(tmp_path / "killed")
    assert again.returncode == 0, again.stderr
    if last_step > steps / 6 + 2:  # an epoch was whole: not all is done again
        assert int(again.stdout) < steps
    for file in ("weights.safetensors", "history.csv", "validation.parquet", "model.json"):
        same = (tmp_path / "killed" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
        assert same, f"{file} differs after a kill at step {last_step} of {steps}"
