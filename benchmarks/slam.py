"""SLAM at the paper's size: training, one pixel beside scikit-learn's SVR, and the fit from the store on.

``python benchmarks/slam.py [--stars 3785] [--pixels 1596] [--survey results/demo]
[--parts search,fit,sklearn,memory]``

The training set is made: 3,785 stars with labels as the survey's and 1,596 pixels that are smooth functions of them,
with noise. ``search`` is 18 triples with five parts of the cross-validation, the covariance of the residuals (six
times: without each part, and of all), and then one part: a fold or the model of all stars. With fewer ``--pixels`` the
times are scaled to all. ``memory`` (alone) goes through a search and a covariance of all pixels with few iterations.
``fit`` needs a finished survey with the models of slam: its batches from the store to the table, in two processes.
Times are of processor and wall; memory is the peak of the process. The last line of output is one JSON object.
"""

import argparse
import json
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "2")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from mstars.core.config.keys import plain  # noqa: E402
from mstars.engines.batch import predict_batch  # noqa: E402
from mstars.engines.slam.choice import held_out  # noqa: E402
from mstars.engines.slam.covariance import residual_covariance  # noqa: E402
from mstars.engines.slam.forward import scaling_of  # noqa: E402
from mstars.engines.slam.model import ENGINE  # noqa: E402
from mstars.engines.slam.search import Sample, search  # noqa: E402
from mstars.engines.slam.settings import SlamSettings  # noqa: E402
from mstars.engines.slam.training import fit_model  # noqa: E402

N_PIXEL = len(ENGINE.info.grid)


def training_set(stars: int):
    """Labels, fluxes and inverse variances of a made training set."""
    draws = np.random.default_rng(1)
    teff = np.clip(draws.normal(3700, 260, stars), 2800, 4480)
    m_h = np.clip(draws.normal(-0.1, 0.22, stars) - draws.exponential(0.08, stars), -1.9, 0.48)
    a, b = (teff - 3600) / 300, m_h / 0.3
    terms = np.stack([a, b, a * b, np.sin(a), np.cos(0.7 * b + a), a**2])
    shapes = draws.normal(0, np.array([0.05, 0.03, 0.008, 0.02, 0.01, 0.01])[:, None], (6, N_PIXEL))
    sigma = np.exp(draws.normal(-3.8, 0.7, (stars, 1)))
    flux = 1 + terms.T @ shapes + sigma * draws.normal(size=(stars, N_PIXEL))
    ivar = np.repeat(1 / sigma**2, N_PIXEL, axis=1)
    ivar[draws.random(flux.shape) < 0.01] = 0
    return np.column_stack([teff, m_h]), flux.astype(np.float32), ivar.astype(np.float32)


def some(flux, ivar, pixels: int):
    """Every so manieth pixel."""
    kept = np.linspace(0, N_PIXEL - 1, pixels).astype(int)
    return np.ascontiguousarray(flux[:, kept]), np.ascontiguousarray(ivar[:, kept])


def timed(function):
    """Result, wall seconds and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    result = function()
    return result, round(time.perf_counter() - wall, 2), round(time.process_time() - processor, 2)


def one_pixel(sample, options) -> dict:
    """scikit-learn's SVR on ten pixels, seconds each."""
    from sklearn.svm import SVR

    seconds = []
    pixels = sample.flux.shape[1]
    for pixel in range(0, pixels, pixels // 10)[:10]:
        used = sample.used[:, pixel]
        model = SVR(C=options.C, epsilon=options.epsilon, gamma=options.gamma)
        labels, flux, weight = sample.labels[used], sample.flux[used, pixel], sample.weight[used, pixel]
        _, _, processor = timed(lambda m=model, x=labels, y=flux, w=weight: m.fit(x, y, sample_weight=w))
        seconds.append(processor)
    return {"options": str(options), "processor_s_a_pixel": round(float(np.median(seconds)), 3)}


def training(options) -> dict:
    """The search, one part, and scikit-learn beside."""
    settings, parts = plain(SlamSettings()), options.parts.split(",")
    labels, flux, ivar = training_set(options.stars)
    flux, ivar = some(flux, ivar, options.pixels)
    scaling = scaling_of(labels, flux, ivar > 0)
    sample = Sample.of(
        scaling, labels, flux, ivar, np.arange(len(labels)) % settings["hyper"]["cv"], settings["weights"]
    )
    result: dict = {"stars": len(labels), "pixels": options.pixels}
    (found, models), wall, processor = timed(lambda: search(sample, scaling, settings))
    result["search"] = {"triples": len(found.triples), "wall_s": wall, "processor_s": processor}
    residual = held_out(sample, models)
    one = (residual, sample.variance, sample.used, found.intrinsic, settings["modes"])
    _, _, seconds = timed(lambda: residual_covariance(*one))
    result["covariance_processor_s"] = seconds
    total = processor + 6 * seconds
    model, wall, processor = timed(lambda: fit_model(sample, scaling, found, settings))
    result["one_part"] = {
        "wall_s": wall,
        "processor_s": processor,
        "ranks": [len(one.features) for one in model.groups],
    }
    result["all_processor_min_scaled_to_all_pixels"] = round(
        (total + 11 * processor) * N_PIXEL / options.pixels / 60, 1
    )
    result["processor_s_a_pixel"] = round(processor / options.pixels, 4)
    if "sklearn" in parts:
        result["sklearn"] = one_pixel(sample, found.triples[int(np.bincount(found.chosen).argmax())])
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return result


def memory(options) -> dict:
    """Peak of a search and a covariance of all pixels; the iterations do not matter."""
    from mstars.engines.slam import search as module

    module.FINE, module.ROUGH = 4, 4
    settings = plain(SlamSettings())
    labels, flux, ivar = training_set(options.stars)
    scaling = scaling_of(labels, flux, ivar > 0)
    groups = np.arange(len(labels)) % settings["hyper"]["cv"]
    sample = Sample.of(scaling, labels, flux, ivar, groups, settings["weights"])
    found, models = search(sample, scaling, settings)
    residual = held_out(sample, models)
    residual_covariance(residual, sample.variance, sample.used, found.intrinsic, settings["modes"])
    return {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def measure(arguments) -> tuple[int, float, float]:
    """Spectra, wall and processor seconds of one batch, from the store to the table."""
    survey, batch, repeat = arguments
    settings = plain(SlamSettings())
    model = ENGINE.load([Path(survey) / "models" / "slam_dM" / "all"], kind="dM", settings=settings)
    model.theory = None
    catalog = pd.read_parquet(Path(survey) / "catalogs" / "m_catalog_v3.parquet")
    own = catalog[(catalog["batch"] == batch) & (catalog["luminosity_class"] == "dM")]
    store = Path(survey) / "spectra" / f"{batch}.h5"

    def run():
        return predict_batch(ENGINE, {"dM": model}, store, own, settings=settings, survey_kind="simulated")

    run()
    _, wall, processor = timed(lambda: [run() for _ in range(repeat)])
    return repeat * len(own), wall, processor


def fitting(survey: str) -> dict:
    """Two processes, a batch each, at the same time."""
    stores = sorted((path.stat().st_size, path.stem) for path in (Path(survey) / "spectra").glob("*.h5"))
    batches = [name for _, name in stores[-2:]]
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(measure, [(survey, batch, 5) for batch in batches]))
    spectra = sum(one[0] for one in found)
    return {
        "spectra": spectra,
        "spectra_a_second_two_processes": round(sum(n / wall for n, wall, _ in found)),
        "processor_ms_a_spectrum": round(1e3 * sum(one[2] for one in found) / spectra, 3),
    }


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stars", type=int, default=3785)
    parser.add_argument("--pixels", type=int, default=N_PIXEL)
    parser.add_argument("--survey", default="results/demo")
    parser.add_argument("--parts", default="search,fit,sklearn")
    options = parser.parse_args()
    result: dict = {"threads": os.environ["OPENBLAS_NUM_THREADS"]}
    if "search" in options.parts:
        result["training"] = training(options)
    if "memory" in options.parts:
        result["memory"] = memory(options)
    if "fit" in options.parts:
        if (Path(options.survey) / "models" / "slam_dM" / "all" / "model.json").is_file():
            result["fit"] = fitting(options.survey)
        else:
            result["fit"] = {
                "skipped": f"no models of slam in {options.survey}; snakemake parameters/slam.parquet first"
            }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
