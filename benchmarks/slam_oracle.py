"""SLAM with ``recipe: astroslam`` beside the authors' program, on the same spectra from the same starts.

``python benchmarks/slam_oracle.py PYTHON [--survey results/demo] [--stars 400] [--spectra 60] [--every 1]``

PYTHON is that of an environment with astroslam (benchmarks/slam_astroslam.py says how). The spectra are the inputs of a
survey's training set (``snakemake SURVEY/training/slam_dM.inputs`` keeps them), or made ones without ``--survey``; the
test stars are not among the training stars. One triple of hyper-parameters serves all pixels; ``--every`` takes every
so manieth. Where the labels differ, the cost of both by astroslam's own model and loss says which is the better
minimum. The last line of output is one JSON object.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from slam import training_set

from mstars.engines.slam.continuum import without_neighbours
from mstars.engines.slam.fit import Fitter
from mstars.engines.slam.forward import ForwardModel, Group, scaling_of
from mstars.engines.slam.kernel import landmark_features
from mstars.engines.slam.model import ENGINE
from mstars.engines.slam.search import Sample, Search
from mstars.engines.slam.svr import Options
from mstars.engines.slam.training import fit_model
from mstars.files.tables import read_table

TRIPLE = Options(1.0, 0.05, 0.3)
NEAR = 0.05
"""Of the formal error: labels within it are the same."""
BOX = np.array([2000.0, -3.0]), np.array([6000.0, 2.0])
"""astroslam has no box; this one is wide."""


def spectra(options) -> dict[str, np.ndarray]:
    """Training and test spectra: wave, flux, ivar, labels, test_flux, test_ivar and snr."""
    count = options.stars, options.spectra
    if options.survey is None:
        labels, flux, ivar = training_set(sum(count))
        ivar = np.where(ivar > 0, ivar, np.median(ivar)).astype(np.float32)
        snr, order = np.sqrt(np.median(ivar, axis=1)), np.arange(sum(count))
    else:
        table = read_table(options.survey / "training" / "slam_dM.parquet")
        folder = options.survey / "training" / "slam_dM.inputs"
        flux, ivar = np.load(folder / "flux.npy"), np.load(folder / "ivar.npy")
        labels, snr = table[["teff", "m_h"]].to_numpy(dtype=float), table["snri"].to_numpy(dtype=float)
        stars = np.random.default_rng(5).permutation(table["star_id"].unique())
        order = np.concatenate([np.flatnonzero(table["star_id"] == star) for star in stars])
    own, test = order[: count[0]], order[-count[1] :]
    every = slice(None, None, options.every)
    found = {"wave": ENGINE.info.grid.wavelength[every], "labels": labels[own], "snr": snr[test]}
    found |= {"flux": flux[own][:, every], "ivar": ivar[own][:, every]}
    return found | {"test_flux": flux[test][:, every], "test_ivar": ivar[test][:, every]}


def theirs_of(python: str, given: dict) -> dict[str, np.ndarray]:
    """What slam_astroslam.py says of the spectra."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "given.npz", Path(folder) / "found.npz"
        np.savez(before, **{name: np.asarray(one, dtype=float) for name, one in given.items()}, **vars(TRIPLE))
        command = [python, str(Path(__file__).with_name("slam_astroslam.py")), str(before), str(after)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{python}: {done.stderr.strip().splitlines()[-1]}")
        return dict(np.load(after))


def mean_square(model: ForwardModel, sample: Sample) -> np.ndarray:
    """Training error of each pixel."""
    off = np.where(sample.used, model.scaled(sample.labels) - sample.flux, 0)
    return np.square(off).sum(axis=0) / np.maximum(sample.used.sum(axis=0), 1)


def cost(model: ForwardModel, mse: np.ndarray, flux, ivar, labels) -> np.ndarray:
    """Half the soft L1 loss of spectra at some labels, with astroslam's variance and its pixels."""
    info = ivar * np.square(model.scaling.flux_scale, dtype=float)
    weight = np.where((info >= 1) & (mse < 1), info / (1 + info * mse**2), 0)
    off = (flux - model.scaling.flux_mean) / model.scaling.flux_scale - model.scaled(model.scaling.labels(labels))
    return (np.sqrt(1 + weight * off**2) - 1).sum(axis=1)


def compare(options) -> dict:
    """Both programs' labels, and the cost of those that differ."""
    given = spectra(options)
    theirs = theirs_of(options.astroslam, given)
    flux, ivar = given["flux"], without_neighbours(given["ivar"])
    test = given["test_flux"], without_neighbours(given["test_ivar"])
    scaling = scaling_of(given["labels"], flux, ivar > 0)
    sample = Sample.of(scaling, given["labels"], flux, ivar, np.zeros(len(flux), int))
    pixels = np.arange(flux.shape[1])
    search = Search([TRIPLE], np.zeros((1, 1)), [0], np.zeros_like(pixels), np.ones(len(pixels)), np.ones(len(pixels)))
    model = fit_model(sample, scaling, search, {"landmarks": 600, "model": "svr"})
    fitter = Fitter(model, mean_square(model, sample) ** 2, *BOX, soft=True, drop_noisy=True)
    # their support vectors as one of our models
    features = landmark_features(sample.labels, TRIPLE.gamma, 600)
    weights = features.of(sample.labels).T @ theirs["support"]
    same = ForwardModel(scaling, (Group(features, pixels, weights, theirs["offset"]),))
    apart = model.scaled(sample.labels) - same.scaled(sample.labels)
    result = {
        "pixels": len(pixels),
        "spectra": len(test[0]),
        "training_s_a_pixel": round(float(theirs["train"]) / len(pixels), 3),
        "seconds_a_spectrum": round(float(theirs["seconds"]), 2),
        "same_pixels": bool(((ivar > 0) == (theirs["ivar"] > 0)).all()),
        "flux_rms_and_largest_difference": [float(np.sqrt(np.square(apart).mean())), float(np.abs(apart).max())],
    }
    lowest = cost(same, theirs["mse"], *test, theirs["labels"])
    result["cost_recomputed"] = float(np.abs(lowest / theirs["cost"] - 1).max())
    for name, start in (("from_their_start", theirs["start"]), ("from_our_start", None)):
        fitted = fitter.fit(*test, start)
        off = np.abs((fitted.labels - theirs["labels"]) / fitted.error).max(axis=1)
        more = 2 * (lowest - cost(same, theirs["mse"], *test, fitted.labels))
        result[name] = {
            f"share_within_{NEAR}": float((off < NEAR).mean()),
            "median": float(np.median(off)),
            "others": [
                {
                    "snr": round(float(given["snr"][row]), 1),
                    "in_formal_errors": round(float(off[row]), 3),
                    "chi2_of_theirs_less_ours": round(float(more[row]), 4),
                    "theirs": theirs["labels"][row].round(2).tolist(),
                    "ours": fitted.labels[row].round(2).tolist(),
                    "nfev": int(theirs["nfev"][row]),
                }
                for row in np.flatnonzero(~(off < NEAR))
            ],
        }
    return result


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("astroslam", help="the Python of an environment with astroslam")
    parser.add_argument("--survey", type=Path)
    parser.add_argument("--stars", type=int, default=400)
    parser.add_argument("--spectra", type=int, default=60)
    parser.add_argument("--every", type=int, default=1)
    print(json.dumps(compare(parser.parse_args())))


if __name__ == "__main__":
    main()
