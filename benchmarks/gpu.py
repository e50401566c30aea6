"""Everything that runs on a GPU, beside the CPU in the same run: the speeds, and whether the answers are the same.

Run from the repository: ``python benchmarks/gpu.py [--device cuda] [--threads 2] [--survey results/demo]``. The last
line is one JSON object with an entry a part: ``train`` (an epoch of a classifier), ``predict`` (a classifier and an
ensemble of ten), ``velocity`` (the coarse scan within the default recipe; with ``--survey`` on that survey's spectra,
else on made-up ones) and ``csn`` (iterations of the small recipe). Each has spectra/s (or iterations/s) on
both, ``times`` (the ratio), ``differs`` (the largest difference of the answers, or the share of them that differ),
``allowed`` and ``same``. The exit status is 1 where an answer differs by more than is allowed.

``--device torch-cpu`` runs the GPU's code on the CPU: a test of the answers where there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import csn
import numpy as np
import torch

from mstars.core.config.networks import Networks
from mstars.core.config.velocities import Rvmm
from mstars.core.config.whole import filled
from mstars.core.constants import CLASSIFIER_PIXELS
from mstars.engines.csn.architecture import Sizes
from mstars.engines.csn.training import Trainer
from mstars.files.stores import read_batch
from mstars.networks.architecture import build_network
from mstars.networks.epochs import TrainingData, classifier_loss, train_epoch
from mstars.networks.folder import Model
from mstars.networks.inference import Ensemble, place, predict_classifier
from mstars.ops.compile_loops import made_up_library, made_up_spectra
from mstars.spectra.container import concatenate
from mstars.templates.library import load_library
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.library_bank import bank_of

N_CLASS, N_LABEL, N_MODEL = 8, 4, 10
ALLOWED = {"train": 1e-3, "predict": 1e-4, "velocity": 0.01, "csn": 1e-3}
"""Of the mean loss (relative), of a probability, of the share of velocities that differ by 0.1 km/s, of a loss."""

SAME_KMS = 0.1


def made_up_inputs(n: int) -> np.ndarray:
    """z-scored noise with a slope that differs from class to class: float32 [n, 5000]."""
    generator = np.random.default_rng(2)
    slope = np.linspace(-1, 1, CLASSIFIER_PIXELS, dtype=np.float32) * (np.arange(n) % N_CLASS)[:, None] / N_CLASS
    x = slope + generator.standard_normal((n, CLASSIFIER_PIXELS), dtype=np.float32)
    return ((x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)).astype(np.float32)


def timed(work, device: torch.device) -> tuple[float, object]:
    """Seconds of a call, until the device has done its work, and what it returned."""
    _wait(device)
    start = time.perf_counter()
    result = work()
    _wait(device)
    return time.perf_counter() - start, result


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def train(device: torch.device, n: int) -> tuple[float, np.ndarray]:
    """Spectra a second of an epoch, and the mean losses of two."""
    settings = Networks(**filled({})["networks"])
    rows = np.arange(n)
    data = TrainingData(made_up_inputs(n), rows % N_CLASS, np.ones(n, np.float32), rows, rows)
    network = build_network(settings.architecture, N_CLASS, 1).to(device)
    optimizer, generator = torch.optim.Adam(network.parameters(), lr=1e-4), np.random.default_rng(1)

    def epoch(part: TrainingData) -> float:
        return train_epoch(network, optimizer, part, classifier_loss, settings, device, generator)

    first = epoch(replace(data, train=data.train[: n // 4]))
    seconds, second = timed(lambda: epoch(data), device)
    return n / seconds, np.array([first, second])


def predict(device: torch.device, n: int) -> tuple[float, np.ndarray]:
    """Spectra a second through a classifier and ten regressors, and the answers side by side: [n, 8 + 10 * 4]."""
    settings, x = Networks(**filled({})["networks"]), made_up_inputs(n)

    def model(kind: str, n_out: int, seed: int) -> Model:
        network = build_network(settings.architecture, n_out, seed).eval()
        return Model(network, kind, kind, list(map(str, range(n_out))), "rest", np.zeros(n_out), np.ones(n_out))

    models = [model("classifier", N_CLASS, 0), *(model("regressor", N_LABEL, seed) for seed in range(N_MODEL))]
    place(models, int(device.type == "cuda"))

    def answers(part: np.ndarray) -> np.ndarray:
        labels = Ensemble(models[1:]).predict(part)
        return np.hstack([predict_classifier(models[0], part)[1], labels.transpose(1, 0, 2).reshape(len(part), -1)])

    answers(x[: n // 4])
    seconds, found = timed(lambda: answers(x), device)
    return n / seconds, found


def velocity(device: str, n: int, survey: Path | None) -> tuple[float, np.ndarray]:
    """Spectra a second of the default recipe with its coarse scan on the device, and the velocities, km/s."""
    options = Rvmm(**filled({})["rvmm"]).tm.changed(device=device)
    if survey is None:
        library = made_up_library()
        once = made_up_spectra(library)
        spectra = concatenate([once] * -(-n // len(once)))
    else:
        library = load_library("results/templates/library.h5")
        spectra = read_batch(min((survey / "spectra").glob("*.h5")))
    spectra, bank = spectra.select(slice(0, n)), bank_of(library, options)
    match_templates(spectra.select(slice(0, 24)), bank, options)
    seconds, table = timed(lambda: match_templates(spectra, bank, options), torch.device("cpu"))
    return len(spectra) / seconds, table["rv_tm"].to_numpy(dtype=float)


def networks_of_csn(device: torch.device, iterations: int) -> tuple[float, np.ndarray]:
    """Iterations a second of the small recipe's training, and the total losses of the first three."""
    settings = csn.settings_of(recipe="ci")
    torch.manual_seed(1)  # of the emulator's weights
    network, domains = settings["network"], csn.made_domains(settings)
    trainer = Trainer.fresh(Sizes.of(network, settings["grid"]["pad_to"]), network, 1, device)
    losses = []

    def run(numbers: range) -> None:
        for number in numbers:
            batch = domains.batch(np.random.default_rng(number), network["batch"], device)
            losses.append(trainer.step(batch, 1e-4)["total"])

    run(range(1))
    seconds, _ = timed(lambda: run(range(1, iterations + 1)), device)
    return iterations / seconds, np.array(losses[:3])


def compared(name: str, ours: tuple[float, np.ndarray], other: tuple[float, np.ndarray]) -> dict:
    """Speeds of the CPU and of the device, and how their answers differ."""
    (cpu, expected), (device, found) = ours, other
    if name == "velocity":
        both = np.isfinite(expected) & np.isfinite(found)
        close = (np.abs(found - expected) < SAME_KMS) | (np.isnan(expected) & np.isnan(found))
        differs = float(1 - (close & (both | np.isnan(expected))).mean())
    else:
        scale = 1.0 if name == "predict" else np.maximum(np.abs(expected), 1e-12)
        differs = float((np.abs(found - expected) / scale).max())
    return {
        "cpu_per_s": round(cpu, 1),
        "device_per_s": round(device, 1),
        "times": round(device / cpu, 2),
        "differs": differs,
        "allowed": ALLOWED[name],
        "same": differs <= ALLOWED[name],
    }


def measure(device: str, n: int, iterations: int, parts: list[str], survey: Path | None = None) -> dict:
    """Each part on the CPU and on the device."""
    cpu, other = torch.device("cpu"), torch.device("cuda" if device == "cuda" else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    runs = {
        "train": lambda own: train(own, n),
        "predict": lambda own: predict(own, n),
        "velocity": lambda own: velocity("cpu" if own is cpu else device, n, survey),
        "csn": lambda own: networks_of_csn(own, iterations),
    }
    result = {}
    for name in parts:
        result[name] = compared(name, runs[name](cpu), runs[name](other))
        print(name, result[name], flush=True)
    return result


def main() -> int:
    """Measure, and print one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", choices=["cuda", "torch-cpu"])
    parser.add_argument("--spectra", type=int, default=4096)
    parser.add_argument("--iterations", type=int, default=20, help="of Cycle-StarNet")
    parser.add_argument("--parts", nargs="+", default=list(ALLOWED), choices=list(ALLOWED))
    parser.add_argument("--survey", type=Path, help="a finished survey, for its spectra")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("torch sees no GPU here; --device torch-cpu tests the answers on the CPU")
    torch.set_num_threads(options.threads)
    result = measure(options.device, options.spectra, options.iterations, options.parts, options.survey)
    name = torch.cuda.get_device_name() if options.device == "cuda" else "none"
    print(json.dumps({"device": options.device, "gpu": name, "threads": options.threads, **result}))
    return 0 if all(part["same"] for part in result.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
