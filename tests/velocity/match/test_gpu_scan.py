"""The scan by torch."""

import numpy as np
from made_stars import observe, plain_match

from mstars.velocity.match.default_recipe import match_templates


def test_the_torch_path_gives_the_same_numbers(many):
    spectra = observe(60, 23)[0]
    cpu = match_templates(spectra, many, plain_match())
    torch = match_templates(spectra, many, plain_match(device="torch-cpu"))
    assert list(torch.tm_template) == list(cpu.tm_template)
    assert np.abs(torch.rv_tm - cpu.rv_tm).max() < 0.01


def test_a_missing_gpu_is_said_and_the_cpu_takes_over(many, caplog, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    spectra = observe(2, 24)[0]
    with caplog.at_level("INFO"):
        result = match_templates(spectra, many, plain_match(device="cuda"))
    assert "runs on the CPU" in caplog.text and result.rv_tm.notna().all()
