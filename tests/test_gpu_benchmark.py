"""``benchmarks/gpu.py`` without a GPU: the GPU's code on the CPU gives the CPU's answers, and a wrong one shows."""

import sys

import numpy as np
import pytest
from places import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import gpu


@pytest.mark.slow
def test_the_gpus_code_gives_the_cpus_answers():
    found = gpu.measure("torch-cpu", n=64, iterations=2, parts=list(gpu.ALLOWED))
    assert list(found) == ["train", "predict", "velocity", "csn"]
    for part in found.values():
        assert part["same"] and part["cpu_per_s"] > 0 and part["times"] > 0


def test_answers_that_differ_are_told():
    velocities = np.array([10.0, -20.0, np.nan, 5.0])
    assert gpu.compared("velocity", (1.0, velocities), (2.0, velocities + 0.05))["same"]
    other = gpu.compared("velocity", (1.0, velocities), (2.0, np.array([10.0, 40.0, np.nan, 5.0])))
    assert other["differs"] == 0.25 and not other["same"] and other["times"] == 2.0
    assert not gpu.compared("velocity", (1.0, velocities), (1.0, np.nan_to_num(velocities)))["same"]
    assert not gpu.compared("predict", (1.0, np.array([0.5])), (1.0, np.array([0.501])))["same"]
