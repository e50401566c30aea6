"""Speed and memory of the networks: training, prediction from a batch store on, and a paper-size CNN-TLMA training.

Run from the repository: ``PYTHONPATH=src python benchmarks/networks.py [--quick] [--threads 2]``. The last line is one
JSON object. One fold of dM and one of gM of the paper's size are trained to their early stopping on made-up spectra
whose labels can be learnt; ``tlma_paper_minutes`` is ten times their time.
"""

import argparse
import json
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml

from mstars import networks
from mstars.networks.training import _classifier_loss, _Data, _train_epoch
from mstars.spectra import CLASSIFIER_GRID, N_PIXEL, SpectrumSet, classifier_input, lamost_wavelength
from mstars.store import iter_batch, write_batch

ROOT = Path(__file__).resolve().parents[1]
LABELS = ["teff", "logg", "m_h", "alpha_m"]
PAPER = {"dM": 12541, "gM": 3927}


def spectra_and_labels(n: int, seed: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Made-up z-scored spectra on disk: absorption lines and broad bands whose depths follow four labels, and noise."""
    generator = np.random.default_rng(seed)
    labels = generator.normal(size=(n, 4))
    position, width = generator.uniform(3900, 8900, 300), np.exp(generator.uniform(0.7, 4.5, 300))
    lines = np.exp(-0.5 * ((CLASSIFIER_GRID - position[:, None]) / width[:, None]) ** 2)
    response = generator.normal(size=(4, 300)) / 20
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(n, len(CLASSIFIER_GRID)))
    for start in range(0, n, 1024):
        part = labels[start : start + 1024]
        depth = 0.15 + part @ response + 0.1 * np.tanh(part[:, :1] * part[:, 1:2])
        noise = generator.uniform(0.02, 0.2, (len(part), 1)) * generator.normal(size=(len(part), len(CLASSIFIER_GRID)))
        flux = 1 - depth @ lines + noise
        out[start : start + 1024] = (flux - flux.mean(1, keepdims=True)) / flux.std(1, keepdims=True)
    out.flush()
    return np.load(path, mmap_mode="r"), labels * [150, 0.1, 0.25, 0.08] + [3600, 4.8, -0.1, 0.05]


def training_speed(x: np.ndarray, settings: networks.Settings) -> float:
    """Spectra a second of one epoch of a classifier of eight classes."""
    n = len(x)
    target = np.arange(n) % 8
    data = _Data(x, target, np.ones(n, np.float32), np.arange(n), np.arange(n))
    device = settings.torch_device()
    network = networks.build_network(settings.architecture, 8, 1).to(device)
    optimizer = torch.optim.Adam(network.parameters())
    generator = np.random.default_rng(1)
    warm = replace(data, train=data.train[:512])
    _train_epoch(network, optimizer, warm, _classifier_loss, settings, device, generator)
    started = time.perf_counter()
    _train_epoch(network, optimizer, data, _classifier_loss, settings, device, generator)
    return n / (time.perf_counter() - started)


def prediction_speed(store: Path, predict, n: int) -> float:
    """Spectra a second from the batch store on: read, preprocess, predict."""
    for part in iter_batch(store, 64):
        predict(classifier_input(part))
        break
    started = time.perf_counter()
    for part in iter_batch(store, 1024):
        predict(classifier_input(part))
    return n / (time.perf_counter() - started)


def make_store(path: Path, n: int) -> None:
    """A batch of noise on a slope."""
    generator = np.random.default_rng(3)
    flux = (generator.normal(size=(n, N_PIXEL)) + np.linspace(5, 20, N_PIXEL)).astype(np.float32)
    keys = np.array([f"k{i:05d}" for i in range(n)])
    shape = flux.shape
    spectra = SpectrumSet(flux, np.ones(shape, np.float32), np.zeros(shape, np.uint8), lamost_wavelength(), keys)
    write_batch(path, spectra, pd.DataFrame({"spectrum_key": keys}), pd.DataFrame({"path": [], "reason": []}))


def models(architecture: networks.Architecture, n: int, n_out: int, kind: str) -> list[networks.Model]:
    """Untrained models."""
    names = [str(i) for i in range(n_out)]
    made = (networks.build_network(architecture, n_out, seed).eval() for seed in range(n))
    return [networks.Model(network, kind, kind, names, "rest", np.zeros(n_out), np.ones(n_out)) for network in made]


def one_fold(kind: str, size: int, settings: networks.Settings, folder: Path) -> tuple[float, int]:
    """Seconds and epochs of one fold, trained to its early stopping."""
    x, labels = spectra_and_labels(size, len(kind) + size, folder / f"{kind}.npy")
    held = np.arange(len(x)) % 10 == 0
    arguments = {"names": LABELS, "settings": settings, "seed": 1, "folder": folder / kind, "task": f"tlma_{kind}"}
    started = time.perf_counter()
    model = networks.train_regressor(x, labels, held, **arguments)
    return time.perf_counter() - started, model.about["epochs"]


def main() -> None:
    """Measure, and print one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the spectra: a check, not a measurement")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    share = 10 if arguments.quick else 1
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["networks"]
    settings = replace(networks.Settings.from_config(config), device=arguments.device)
    result: dict = {"threads": arguments.threads, "device": arguments.device, "quick": arguments.quick}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        x, _ = spectra_and_labels(8192 // share, 1, folder / "x.npy")
        for precision, n in (("fp32", 8192), ("bf16", 2048)):
            speed = training_speed(x[: n // share], replace(settings, precision=precision))
            result[f"train_{precision}_per_s"] = round(speed)
            print(f"training {precision}: {speed:.0f} spectra/s", flush=True)
        n = 4096 // share
        make_store(folder / "plate.h5", n)
        (one,) = models(settings.architecture, 1, 8, "classifier")
        speed = prediction_speed(folder / "plate.h5", lambda inputs: networks.predict_classifier(one, inputs), n)
        result["classifier_per_s"] = round(speed)
        ten = models(settings.architecture, 10, 4, "regressor")
        speed = prediction_speed(folder / "plate.h5", lambda inputs: networks.predict_ensemble(ten, inputs), n)
        result["ensemble_per_s"] = round(speed)
        print(f"classifier {result['classifier_per_s']}/s, ensemble of ten {result['ensemble_per_s']}/s", flush=True)
        minutes = 0.0
        for kind, size in PAPER.items():
            seconds, epochs = one_fold(kind, size // share, settings, folder)
            minutes += 10 * seconds / 60
            result[f"fold_{kind}_s"], result[f"fold_{kind}_epochs"] = round(seconds, 1), epochs
            print(f"fold {kind}: {seconds:.0f} s, {epochs} epochs", flush=True)
    result["tlma_paper_minutes"] = round(minutes, 1)
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
