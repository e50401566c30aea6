"""Speed and memory of the networks: training, prediction from a batch store on, and a paper-size CNN-TLMA training.

Run from the repository: ``PYTHONPATH=src python benchmarks/networks.py [--quick] [--processes 2]``. The last line is
one JSON object. Everything runs as in the workflow: one job of one thread a core, ``--processes`` of them side by side,
and a rate is their sum. Two folds of dM and two of gM of the paper's size are trained to their early stopping, side
by side, on made-up spectra whose labels can be learnt; ``tlma_paper_minutes`` is the slower one's time for each kind,
as often as ten folds need. ``peak_mb`` is the largest process times their number, and this one. The CPU's kernels of
bf16 need ``cpu_has_bf16``.
"""

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mstars.core.config.networks import Architecture, Networks
from mstars.core.config.whole import filled
from mstars.core.labels import LABELS
from mstars.engines.cnn.training import train_fold
from mstars.files.stores import iter_batch, write_batch
from mstars.networks.architecture import build_network
from mstars.networks.device import torch_device
from mstars.networks.epochs import TrainingData, classifier_loss, train_epoch
from mstars.networks.folder import Model
from mstars.networks.inference import Ensemble, predict_classifier
from mstars.spectra.container import SpectrumSet
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.wavelengths import CLASSIFIER_GRID, N_PIXEL, lamost_wavelength

ROOT = Path(__file__).resolve().parents[1]
PAPER = {"dM": 12541, "gM": 3927}
FOLDS = 10
READY = None


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


def make_store(path: Path, n: int) -> None:
    """A batch like a plate's: noise on a slope, its ivar, and stretches of masked pixels."""
    generator = np.random.default_rng(3)
    level = (np.linspace(5, 20, N_PIXEL) * generator.uniform(1, 30, (n, 1))).astype(np.float32)
    flux = (level + np.sqrt(level) * generator.normal(size=level.shape)).astype(np.float32)
    mask = np.repeat(generator.random((n, N_PIXEL // 10 + 1)) < 0.05, 10, axis=1)[:, :N_PIXEL].astype(np.uint8)
    keys = np.array([f"k{i:05d}" for i in range(n)])
    spectra = SpectrumSet(flux, 1 / np.maximum(flux, 1), mask, lamost_wavelength(), keys)
    write_batch(path, spectra, pd.DataFrame({"spectrum_key": keys}), pd.DataFrame({"path": [], "reason": []}))


def training_speed(path: Path, n: int, settings: Networks, precision: str) -> float:
    """Spectra a second of one epoch of a classifier of eight classes."""
    settings = settings.changed(precision=precision)
    target, rows = np.arange(n) % 8, np.arange(n)
    data = TrainingData(np.load(path, mmap_mode="r"), target, np.ones(n, np.float32), rows, rows)
    device = torch_device(settings.device)
    network = build_network(settings.architecture, 8, 1).to(device)
    optimizer = torch.optim.Adam(network.parameters())
    generator = np.random.default_rng(1)
    warm = replace(data, train=data.train[:256])
    train_epoch(network, optimizer, warm, classifier_loss, settings, device, generator)
    started = together()
    train_epoch(network, optimizer, data, classifier_loss, settings, device, generator)
    return n / (time.perf_counter() - started)


def prediction_speed(store: Path, n: int, architecture: Architecture, members: int) -> float:
    """Spectra a second from the batch store on: read, preprocess, predict by a classifier or an ensemble."""
    if members == 1:
        (model,) = models(architecture, 1, 8, "classifier")

        def predict(inputs):
            return predict_classifier(model, inputs)
    else:
        graph = Ensemble(models(architecture, members, 4, "regressor"))
        predict = graph.predict
    for part in iter_batch(store, 64):
        predict(classifier_input(part))
        break
    started = together()
    for part in iter_batch(store, 512):
        predict(classifier_input(part))
    return n / (time.perf_counter() - started)


def models(architecture: Architecture, n: int, n_out: int, kind: str) -> list[Model]:
    """Untrained models."""
    names = [str(i) for i in range(n_out)]
    made = (build_network(architecture, n_out, seed).eval() for seed in range(n))
    return [Model(network, kind, kind, names, "rest", np.zeros(n_out), np.ones(n_out)) for network in made]


def over_convolutions(architecture: Architecture, training: bool, spectra: int = 128, turns: int = 9) -> float:
    """Processor time of a network's pass over that of its four convolutions alone, each on input of its own.

    The convolutions are the arithmetic of this architecture: 1 is the limit. A pass in training is forward and back,
    the first convolution without the gradient of its input.
    """
    network = build_network(architecture, 4, 0).train(training)
    shape = torch.randn(spectra, 1, 1, len(CLASSIFIER_GRID)).contiguous(memory_format=torch.channels_last)
    inputs = []
    with torch.no_grad():
        for convolution, pool in zip(network.convolutions, architecture.pools, strict=True):
            inputs.append(shape.detach().clone().requires_grad_(training and bool(inputs)))
            shape = torch.relu(torch.max_pool2d(convolution(shape), (1, pool)))

    def kernels() -> None:
        for convolution, given in zip(network.convolutions, inputs, strict=True):
            made = convolution(given)
            if training:
                made.backward(torch.ones_like(made))

    def whole() -> None:
        made = network(inputs[0][:, 0, 0].detach())
        if training:
            made.sum().backward()

    times: dict = {kernels: [], whole: []}
    with torch.set_grad_enabled(training):
        for _ in range(turns):
            for work in times:
                started = time.process_time()
                work()
                times[work].append(time.process_time() - started)
    return float(np.median(times[whole]) / np.median(times[kernels]))


def one_fold(kind: str, fold: int, folder: Path, config: dict) -> tuple[float, int]:
    """Seconds and epochs of one fold, trained to its early stopping."""
    x, table = np.load(folder / f"{kind}.npy", mmap_mode="r"), pd.read_parquet(folder / f"{kind}.parquet")
    common = {"networks": config["spmm"]["networks"], "settings": config["spmm"], "seed": 1, "about": {}}
    started = together()
    model = train_fold(x, table, kind=kind, fold=fold, folder=folder / f"{kind}{fold}", **common)
    return time.perf_counter() - started, model.about["epochs"]


def together() -> float:
    """Wait for the other processes; the time."""
    if READY is not None:
        READY.wait(timeout=300)
    return time.perf_counter()


def _begin(barrier) -> None:
    global READY
    READY = barrier
    torch.set_num_threads(1)


class SideBySide:
    """Processes of one thread that do the same at the same time."""

    def __init__(self, count: int):
        os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        context = multiprocessing.get_context("spawn")
        self.count = count
        self.pool = context.Pool(count, _begin, (context.Barrier(count),))

    def __call__(self, function, *arguments, each=None) -> list:
        """What the function returns in each process; ``each`` has a first argument for each of them."""
        given = [arguments if each is None else (each[i], *arguments) for i in range(self.count)]
        return self.pool.starmap(function, given, chunksize=1)


def fold_of(number: int, kind: str, folder: Path, config: dict) -> tuple[float, int]:
    """`one_fold` with the fold first."""
    return one_fold(kind, number, folder, config)


def has_bf16() -> bool:
    """Whether the CPU multiplies bf16 itself."""
    flags = Path("/proc/cpuinfo")
    return flags.exists() and any(name in flags.read_text() for name in ("avx512_bf16", "amx_bf16", " bf16"))


def main() -> None:
    """Measure, and print one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the spectra: a check, not a measurement")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    share, count = 10 if arguments.quick else 1, arguments.processes
    config = filled({"networks": {"device": arguments.device}})
    settings = Networks(**config["networks"])
    result: dict = {"processes": count, "device": arguments.device, "quick": arguments.quick}
    result["cpu_has_bf16"] = has_bf16()
    run = SideBySide(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, size in PAPER.items():
            _, labels = spectra_and_labels(size // share, len(kind) + size, folder / f"{kind}.npy")
            table = pd.DataFrame(labels, columns=LABELS).assign(fold=np.arange(len(labels)) % FOLDS)
            table["spectrum_key"] = np.arange(len(table)).astype(str)
            table.to_parquet(folder / f"{kind}.parquet")
        for precision, n in (("fp32", 8192), ("bf16", 1024)):
            speed = sum(run(training_speed, folder / "dM.npy", n // share, settings, precision))
            result[f"train_{precision}_per_s"] = round(speed)
            print(f"training {precision}: {speed:.0f} spectra/s", flush=True)
        for key, training in (("train", True), ("predict", False)):
            result[f"{key}_over_convolutions"] = round(run(over_convolutions, settings.architecture, training)[0], 2)
        n = 4096 // share
        make_store(folder / "plate.h5", n)
        for key, members in (("classifier_per_s", 1), ("ensemble_per_s", FOLDS)):
            result[key] = round(sum(run(prediction_speed, folder / "plate.h5", n, settings.architecture, members)))
        print(f"classifier {result['classifier_per_s']}/s, ensemble of ten {result['ensemble_per_s']}/s", flush=True)
        minutes = 0.0
        for kind in PAPER:
            folds = run(fold_of, kind, folder, config, each=range(count))
            seconds = max(seconds for seconds, _ in folds)
            minutes += FOLDS / count * seconds / 60
            result[f"fold_{kind}_s"], result[f"fold_{kind}_epochs"] = round(seconds, 1), [epochs for _, epochs in folds]
            print(
                f"{count} folds of {kind} at a time: {seconds:.0f} s, {result[f'fold_{kind}_epochs']} epochs",
                flush=True,
            )
        run.pool.close()
        run.pool.join()
    result["tlma_paper_minutes"] = round(minutes, 1)
    used = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    result["peak_mb"] = round(used[0] + count * used[1])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
