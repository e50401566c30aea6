"""Speed and memory of Cycle-StarNet: iterations of the training at each size, and fits beside L-BFGS.

Run from the repository: ``PYTHONPATH=src python benchmarks/csn.py [--survey results/demo] [--threads 1]``. The last
line is one JSON object. Trainings run on made-up spectra, which take the time of any others. Fits need a finished
survey with models of the engine: both optimisers fit the same spectra of its test set by its own networks, and their
chi2 is compared. Processor time is beside wall time, which tells little on a crowded machine. Where torch sees a GPU,
the iterations are timed there too.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import torch

from mstars.core.config.whole import filled
from mstars.engines.csn.architecture import Scale, Sizes
from mstars.engines.csn.emulator import Emulator
from mstars.engines.csn.fit import Model, gauss_newton, lbfgs
from mstars.engines.csn.inputs import unmasked
from mstars.engines.csn.labels import synthetic_fit
from mstars.engines.csn.model import ENGINE
from mstars.engines.csn.training import Domains, Trainer
from mstars.engines.registry import engine_models, engine_settings
from mstars.files.stores import iter_rows
from mstars.files.tables import read_table

PAPER_ITERATIONS = 500_000


def settings_of(**network):
    """The engine's settings with another recipe of the network."""
    return engine_settings(filled({"engines": {"csn": {"network": network}}}, engine_models()), "csn")


def made_domains(settings, n=200):
    """Domains of made-up spectra on the engine's grid."""
    wavelength = ENGINE.grid(settings).wavelength
    draws = np.random.default_rng(1)
    flux = draws.normal(1, 0.1, (n, len(wavelength))).astype(np.float32)
    neurons = settings["emulator"]["neurons"]
    emulator = Emulator([2800, 4.5, -1.5, -0.2], [4300, 5.5, 0.5, 0.4], neurons, len(wavelength)).requires_grad_(False)
    labels = draws.uniform([3000, 4.5, -1, 0], [4000, 5.5, 0.5, 0.4], (n, 4))
    used = unmasked(wavelength, settings["masks"])
    scale = Scale(1.0, 0.1, len(wavelength), settings["grid"]["pad_to"])
    return Domains(flux, np.full_like(flux, 400), np.arange(n), labels, emulator, scale, used, 0.01, 0.01)


def training(recipe, device, iterations):
    """Seconds of an iteration, wall and processor, and hours of the recipe's own length and of the paper's."""
    settings = settings_of(recipe=recipe)
    network, domains = settings["network"], made_domains(settings)
    trainer = Trainer.fresh(Sizes.of(network, settings["grid"]["pad_to"]), network, 1, device)
    for iteration in range(iterations + 2):
        if iteration == 2:
            wall, processor = time.perf_counter(), time.process_time()
        trainer.step(domains.batch(np.random.default_rng(iteration), network["batch"], device), 1e-4)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {
        "batch": network["batch"],
        "wall_s": wall / iterations,
        "processor_s": processor / iterations,
        "iterations_per_processor_s": iterations / processor,
        "own_length_h": network["iterations"] * processor / iterations / 3600,
        "paper_length_h": PAPER_ITERATIONS * processor / iterations / 3600,
    }


def test_spectra(survey, settings, n):
    """Up to n spectra of the engine's test set, as it sees them."""
    table = read_table(survey / "training" / "csn_dM_observed.parquet")
    table = table[table["split"] == "test"].sort_values("spectrum_key").head(n).reset_index(drop=True)
    stores = {batch: survey / "spectra" / f"{batch}.h5" for batch in table["batch"].unique()}
    flux, ivar = (np.empty((len(table), len(ENGINE.grid(settings))), np.float32) for _ in range(2))
    for rows, spectra in iter_rows(table, stores):
        x = ENGINE.prepare(spectra, table["rv"].to_numpy(dtype=float)[rows], settings)
        flux[rows], ivar[rows] = x.flux, x.ivar
    return torch.from_numpy(flux).double(), torch.from_numpy(ivar).double()


@torch.no_grad()
def fits(survey, n, n_lbfgs):
    """Spectra a second of both optimisers, and how their chi2 differs."""
    settings = settings_of()
    passage = ENGINE.load([survey / "models" / "csn_dM" / "all"], kind="dM", settings=settings).passage
    flux, ivar = test_spectra(survey, settings, n)
    weight = ivar * passage.used
    shared, own = passage.encode(flux)
    start = synthetic_fit(passage, passage.to_synth(shared), 3, settings["fit"]["steps"]).y
    split, model = passage.split_features(own), Model.observed(passage, settings["fit"]["transfer"])
    result, chi2 = {}, {}
    for name, optimiser, count in (("gauss_newton", gauss_newton, n), ("lbfgs", lbfgs, n_lbfgs)):
        wall, processor, chunk, found = time.perf_counter(), time.process_time(), settings["fit"]["chunk"], []
        with torch.set_grad_enabled(name == "lbfgs"):
            for first in range(0, count, chunk):
                rows = slice(first, min(first + chunk, count))
                found.append(optimiser(model, flux[rows], weight[rows], start[rows], split[rows]).chi2)
        processor = time.process_time() - processor
        chi2[name] = torch.cat(found).numpy()
        result[name] = {"spectra": len(chi2[name]), "per_processor_s": len(chi2[name]) / processor,
                        "per_wall_s": len(chi2[name]) / (time.perf_counter() - wall)}  # fmt: skip
    difference = chi2["gauss_newton"][:n_lbfgs] - chi2["lbfgs"]
    quantiles = np.quantile(difference, [0, 0.5, 0.9, 1])
    result["chi2_difference"] = dict(zip(("least", "median", "q90", "most"), quantiles.tolist(), strict=True))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--survey", type=Path, help="a finished survey with models of csn, for the fits")
    parser.add_argument("--recipes", nargs="+", default=["cpu", "full"], choices=["full", "cpu", "ci"])
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--spectra", type=int, default=200)
    parser.add_argument("--lbfgs", type=int, default=40, help="spectra of those that L-BFGS fits too")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    result = {"threads": options.threads}
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    for name in devices:
        for recipe in options.recipes:
            result[f"training_{recipe}_{name}"] = training(recipe, torch.device(name), options.iterations)
    if options.survey:
        result["fits"] = fits(options.survey, options.spectra, options.lbfgs)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
