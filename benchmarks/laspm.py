"""LASPM: spectra matched a second from a store on, and a golden sample of 45,000 made-up spectra.

Beside the match a plain version in the same run: least squares, one library spectrum after the other.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mstars.engines.laspm.edges import fit_slopes
from mstars.engines.laspm.golden.sample import after_review, cluster_candidates, finish_sample
from mstars.engines.laspm.golden.settings import Golden
from mstars.engines.laspm.golden.spectra import GRID, SampleSpectra
from mstars.engines.laspm.library import Library, coordinate
from mstars.engines.laspm.match import MatchOptions, match, weights_of
from mstars.engines.laspm.model import ENGINE, LaspmModel
from mstars.engines.laspm.settings import LaspmSettings
from mstars.files.stores import iter_batch, write_batch
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength

CENTRE, SPAN = np.array([3600.0, 4.7, -0.1]), np.array([400.0, 0.3, 0.4])


def patterns(count: int, n_pixel: int) -> np.ndarray:
    draws, pixel = np.random.default_rng(1), np.arange(n_pixel)
    found = np.zeros((count, n_pixel), np.float32)
    for row in found:
        for centre in draws.integers(0, n_pixel, 60):
            row += draws.normal() * np.exp(-0.5 * ((pixel - centre) / draws.choice([1.5, 3, 25])) ** 2)
        row /= row.std()
    return found * np.array([0.1, 0.05, 0.06, 0.02, 0.01, 0.01, 0.015, 0.01, 0.01], np.float32)[:, None]


def made_flux(scaled: np.ndarray, patterns_: np.ndarray) -> np.ndarray:
    terms = np.concatenate([scaled, scaled**2, scaled * np.roll(scaled, 1, axis=1)], axis=1).astype(np.float32)
    return np.float32(1) + terms @ patterns_


def made_model(size: int) -> LaspmModel:
    """A library of so many spectra at S/N 100."""
    draws, grid = np.random.default_rng(2), ENGINE.info.grid
    scaled = draws.uniform(-1, 1, (size, 3))
    whole = patterns(9, len(lamost_wavelength()))[:, int(grid.first) : int(grid.last) + 1]
    flux = made_flux(scaled, whole) + draws.normal(0, 0.01, (size, len(grid))).astype(np.float32)
    names = np.arange(size).astype(str)
    noise = np.full(len(grid), 1e-4, np.float32)
    library = Library(flux, scaled * SPAN + CENTRE, names, names, noise, np.ones(size))
    settings = LaspmSettings().model_dump()
    about = {"errors": {label: {"a": 1.0, "b": 1.0} for label in ENGINE.info.labels}}
    about |= {"label_min": library.labels.min(axis=0), "label_max": library.labels.max(axis=0)}
    return LaspmModel(library, fit_slopes(flux, library.labels)[0], MatchOptions.of(settings), settings, about)


def made_store(path: Path, n: int) -> None:
    draws, wavelength = np.random.default_rng(3), lamost_wavelength()
    noise = 1 / np.exp(draws.uniform(np.log(10), np.log(150), (n, 1)))
    flux = made_flux(draws.uniform(-1, 1, (n, 3)), patterns(9, len(wavelength)))
    flux += (draws.normal(0, 1, flux.shape) * noise).astype(np.float32)
    mask = (draws.random(flux.shape) < 0.02).astype(np.uint8)
    ivar = np.broadcast_to(noise**-2, flux.shape).astype(np.float32)
    keys = np.array([f"k{number:06d}" for number in range(n)])
    write_batch(
        path, SpectrumSet(flux, ivar, mask, wavelength, keys), pd.DataFrame({"spectrum_key": keys}),
        pd.DataFrame({"reason": []}),
    )  # fmt: skip


def predict_store(path: str, size: int, wait: float) -> tuple[int, float, float, float]:
    """Spectra, when the work began and ended, and the processor time that it took."""
    with threadpool_limits(1):
        model = made_model(size)
        warm = next(iter_batch(path, 8))
        about = pd.DataFrame({"snri": np.full(8, 50.0)})
        ENGINE.predict(model, ENGINE.prepare(warm, np.zeros(8), model.settings), about)
        while time.time() < wait:
            time.sleep(0.01)
        start, used, count = time.time(), time.process_time(), 0
        for spectra in iter_batch(path, 512):
            x = ENGINE.prepare(spectra, np.zeros(len(spectra)), model.settings)
            ENGINE.predict(model, x, pd.DataFrame({"snri": np.full(len(spectra), 50.0)}))
            count += len(spectra)
        return count, start, time.time(), time.process_time() - used


def plain_match(model: LaspmModel, flux: np.ndarray, ivar: np.ndarray) -> np.ndarray:
    """The five nearest by least squares, one library spectrum after the other."""
    powers = coordinate(flux.shape[1]) ** np.arange(3)[:, None]
    best = np.empty((len(flux), 5), int)
    for row, weight in enumerate(weights_of(ivar, model.library, model.options)):
        root = np.sqrt(weight.astype(float))
        chi2 = [
            np.linalg.lstsq((powers * template * root).T, flux[row] * root, rcond=None)[1][0]
            for template in model.library.flux
        ]
        best[row] = np.argsort(chi2, kind="stable")[:5]
    return best


def match_part(options) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b1.h5"
        made_store(path, options.spectra)
        result = {"library": options.library, "spectra": options.spectra}
        for processes in (1, 2):
            with ProcessPoolExecutor(processes) as pool:
                wait = time.time() + options.wait
                jobs = [pool.submit(predict_store, str(path), options.library, wait) for _ in range(processes)]
                found = [job.result() for job in jobs]
            seconds = max(job[2] for job in found) - min(job[1] for job in found)
            result[f"spectra_per_s_{processes}"] = round(sum(count for count, *_ in found) / seconds)
            used = sum(job[3] for job in found) / sum(job[0] for job in found)
            result[f"ms_of_processor_{processes}"] = round(1e3 * used, 2)
        model, spectra = made_model(options.library), next(iter_batch(path, options.plain))
        x = ENGINE.prepare(spectra, np.zeros(len(spectra)), model.settings)
        start = time.time()
        plain = plain_match(model, x.flux, x.ivar)
        result["plain_spectra_per_s"] = round(options.plain / (time.time() - start), 2)
        result["plain_has_the_same_five"] = bool((plain == match(model.library, x.flux, x.ivar).best).all())
        return result


def golden_part(options) -> dict:
    """All steps from spectra in memory on; one class."""
    draws, n = np.random.default_rng(4), options.candidates
    scaled = draws.uniform(-1, 1, (n, 3))
    noise = (1 / np.exp(draws.uniform(np.log(10), np.log(150), (n, 1)))).astype(np.float32)
    flux = made_flux(scaled, patterns(9, len(GRID)))
    for start in range(0, n, 1000):
        rows = slice(start, start + 1000)
        flux[rows] += draws.standard_normal(flux[rows].shape, np.float32) * noise[rows]
    ivar = np.empty_like(flux)
    ivar[:] = noise**-2
    spectra = SampleSpectra(flux, ivar, np.zeros(n, np.float32))
    labels = scaled * SPAN + CENTRE + draws.normal(0, 1, scaled.shape) * [30, 0.05, 0.05]
    table = pd.DataFrame(labels, columns=["teff", "logg", "m_h"])
    names = np.arange(n).astype(str)
    table = table.assign(spectrum_key=names, star_id=names, snri=1 / noise[:, 0], source="made")
    settings, result = Golden().model_dump(), {"candidates": n}
    with threadpool_limits(options.threads):
        start, used = time.time(), time.process_time()
        clustered = cluster_candidates(table, spectra, settings)
        result["clusters_s"] = round(time.time() - start, 1)
        decisions = clustered.queue.rename(columns={"consensus_label": "label"}).assign(review_status="provisional")
        reviewed = after_review(clustered.table, decisions)
        start = time.time()
        found = finish_sample(table, spectra, reviewed, settings, np.random.default_rng(5))
        result["doubles_and_network_s"] = round(time.time() - start, 1)
        result["processor_s"] = round(time.process_time() - used, 1)
    result |= {"members": len(found.members), "stages": found.fates["stage"].value_counts().to_dict()}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="match,golden")
    parser.add_argument("--library", type=int, default=5105)
    parser.add_argument("--spectra", type=int, default=4000)
    parser.add_argument("--plain", type=int, default=10, help="spectra of the plain version")
    parser.add_argument("--candidates", type=int, default=45_000)
    parser.add_argument("--threads", type=int, default=1, help="of the golden sample")
    parser.add_argument("--wait", type=float, default=20, help="seconds for all processes to be ready")
    options, result = parser.parse_args(), {}
    for part in options.parts.split(","):
        result[part] = {"match": match_part, "golden": golden_part}[part](options)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    json.dump(result, sys.stdout)
    print()


if __name__ == "__main__":
    main()
