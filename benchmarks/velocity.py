"""Speed and memory of the velocities: spectra per second from the store to the table, with a plain version beside.

    python benchmarks/velocity.py [--library results/templates/library.h5] [--spectra 2000] [--threads 2]

Prints one JSON object on the last line. Masks are those of the real LAMOST files where they are (MSTARS_REAL).
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from velocity_accuracy import apart, bright_and_faint, many_pulls, neighbours, pulls, real_stars, scatter


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", default="results/templates/library.h5")
    parser.add_argument("--spectra", type=int, default=2000)
    parser.add_argument("--templates", type=int, default=233)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", type=int, default=60, help="spectra for each other code")
    parser.add_argument("--plain", type=int, default=1, help="spectra for the plain version (4 s each)")
    parser.add_argument("--only-paper", action="store_true", help="the paper's recipe alone, with both scalings")
    return parser.parse_args()


CORE_MS = {}


def timed(work, name: str | None = None, n: int = 1) -> tuple[float, object]:
    """Wall time of the better of two runs (the first also compiles), and the result.

    With a name, the processor time of all threads a spectrum is kept too: it says more on a busy machine.
    """
    best, result = float("inf"), None
    for _ in range(2):
        start, used = time.perf_counter(), time.process_time()
        result = work()
        best, core = min(best, time.perf_counter() - start), time.process_time() - used
    if name:
        CORE_MS[name] = round(1e3 * core / n, 4)
    return best, result


def peak_gflops(size: int = 2048) -> float:
    """Measured peak of float32 matrix products."""
    import numpy as np

    a = np.ones((size, size), np.float32)
    seconds = min(timed(lambda: a @ a)[0] for _ in range(3))
    return 2 * size**3 / seconds / 1e9


def plain(spectra, library, count: int, tm) -> float:
    """Spectra per second of the paper's first step written plainly: interpolation, lstsq, curve_fit."""
    import numpy as np
    from scipy.optimize import curve_fit

    from mstars.core.constants import C_KMS

    low, high = tm.rest_range
    inside = (spectra.wavelength > low + 25) & (spectra.wavelength < high - 25)
    wavelength = spectra.wavelength[inside]
    powers = np.vander(np.linspace(-1, 1, len(wavelength)), 5)
    grid = 60.0 * np.arange(-10, 11)

    def bell(v, base, height, center, sigma):
        return base + height * np.exp(-0.5 * ((v - center) / sigma) ** 2)

    start = time.perf_counter()
    for row in range(count):
        good = ~spectra.bad[row, inside]
        target = spectra.flux[row, inside][good].astype(float)
        for flux in library.flux:
            curve = []
            for velocity in grid:
                model = np.interp(wavelength[good] / (1 + velocity / C_KMS), library.wavelength, flux)
                design = powers[good] * model[:, None]
                solution = np.linalg.lstsq(design, target, rcond=None)[0]
                curve.append(((target - design @ solution) ** 2).mean())
            try:
                curve_fit(bell, grid, curve, [max(curve), min(curve) - max(curve), grid[np.argmin(curve)], 120.0])
            except RuntimeError:
                pass
    return count / (time.perf_counter() - start)


def beside(name: str, spectra, rv, snr, library, count: int, tm) -> dict:
    """Another code on the same spectra and templates: rate, scatter, ratio of processor times (our rate over theirs).

    Real stars too, where there are some: mean |difference| of ours less theirs with a paired bootstrap.
    """
    from velocity_peers import PEERS

    few = spectra.select(slice(0, count))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            found, core = PEERS[name](few, library)
    except ImportError as error:
        print(f"{name}: skipped ({error})", file=sys.stderr)
        return {f"ratio_{name}": None, f"skipped_{name}": str(error).split(" (")[0]}
    miss, bright = found - rv[: len(few)], snr[: len(few)] > 20
    return {
        f"ratio_{name}": 1e3 * core / len(few) / CORE_MS["default"],
        f"{name}_core_ms": 1e3 * core / len(few),
        f"{name}_bright": scatter(miss[bright]),
        f"{name}_faint": scatter(miss[~bright]),
        f"{name}_real": real_peer(PEERS[name], library, tm),
    }


def real_peer(measure, library, tm) -> dict | None:
    """Real stars: ours beside another code's."""
    from mstars.velocity.match.library_bank import bank_of

    bank = bank_of(library, tm)

    def velocities(spectra):
        with contextlib.redirect_stdout(io.StringIO()):
            return measure(spectra, library)[0]

    return real_stars(bank, tm, velocities)


@dataclass
class Sample:
    """What all measurements share.

    Attributes
    ----------
    tm, resting : MatchOptions
        The default recipe, and it without alignment, for templates that are at rest already.
    found, makers, matched : TemplateLibrary
        Templates that make the spectra, as they come and at rest; templates that the pipeline matches with.
    n_real_templates : int
        Of ``matched`` that could be brought to rest.
    bank : TemplateBank
        The matched templates at rest, grown to the wanted number.
    masks : ndarray or None
        Masks of real files.
    spectra : SpectrumSet, [n]
    rv, snr, seen : ndarray, [n]
        Velocities, S/N, and velocities as the makers' own templates have them, km/s.
    """

    tm: object
    resting: object
    found: object
    makers: object
    matched: object
    n_real_templates: int
    bank: object
    masks: object
    spectra: object
    rv: object
    snr: object
    seen: object


def make_sample(options: argparse.Namespace) -> Sample:
    from velocity_data import at_rest, grow, real_folder, real_masks, simulate

    from mstars.core.config.template_matching import MatchOptions
    from mstars.core.config.whole import filled
    from mstars.templates.library import load_library
    from mstars.velocity.match.library_bank import bank_of

    config = filled({})
    tm = MatchOptions(**config["rvmm"]["tm"])
    library = load_library(options.library)
    m_star = (library.table["spectral_class"] == "M").to_numpy()
    source = library.table["source"]
    matched = library.select(m_star & source.isin(config["templates"]["match_sources"]).to_numpy())
    found = library.select(m_star & source.isin(["bochanski"]).to_numpy())
    # published templates have velocities of their own: only spectra made from templates at rest have a known truth
    makers = at_rest(found, tm.changed(align_within_kms=None))
    aligned = at_rest(matched, tm)
    resting = tm.changed(align=False)
    bank = bank_of(grow(aligned, options.templates, 1), resting)
    masks = real_masks(real_folder())
    spectra = simulate(makers, options.spectra, (5, 80), 2, masks)
    return Sample(tm, resting, found, makers, matched, len(aligned), bank, masks, *spectra)


def matrix_products(sample: Sample, threads: int) -> dict:
    """The exhaustive coarse scan, and the matrix product in it beside the measured peak."""
    from mstars.velocity.match.prepare import prepare
    from mstars.velocity.match.scan import coarse_chi2
    from mstars.velocity.pool import over_chunks

    spectra, bank, n = sample.spectra, sample.bank, len(sample.spectra)
    pixels = bank.pixels(spectra.wavelength)
    start = time.perf_counter()
    basis = bank.basis(spectra.wavelength, threads)
    result = {"basis_s": time.perf_counter() - start}

    def coarse(first):
        flux, bad, _ = prepare(spectra.select(slice(first, first + 128)), pixels)
        coarse_chi2(flux, bad, bank, spectra.wavelength)

    seconds, _ = timed(lambda: over_chunks(coarse, range(0, n, 128), threads), "coarse_exhaustive", n)
    result["coarse_exhaustive_per_s"] = n / seconds
    values = prepare(spectra.select(slice(0, 128)), pixels)[0]
    flat = basis.reshape(len(basis), -1)
    product, _ = timed(lambda: values @ flat)
    result["gemm_gflops"] = 2 * 128 * flat.size / product / 1e9
    result["peak_gflops"] = peak_gflops()
    return result | {"gemm_share": result["gemm_gflops"] / result["peak_gflops"]}


def default_recipe(sample: Sample, threads: int) -> dict:
    """The default recipe from a store to a table: rate, scatter, pulls."""
    import pandas as pd

    from mstars.files.stores import read_batch, write_batch
    from mstars.files.tables import write_table
    from mstars.velocity.stage import match

    n, folder = len(sample.spectra), Path(tempfile.mkdtemp())
    store = folder / "batch.h5"
    header = pd.DataFrame({"spectrum_key": sample.spectra.spectrum_key})
    write_batch(store, sample.spectra, header, pd.DataFrame({"filename": [], "reason": []}))

    def default():
        table = match(read_batch(store), sample.bank, sample.tm, threads)
        write_table(table, folder / "rv.parquet")
        return table

    seconds, table = timed(default, "default", n)
    miss = table["rv_tm"].to_numpy() - sample.rv
    result = {"default_per_s": n / seconds}
    result |= bright_and_faint("default_{}", miss, sample.snr)
    result["default_pulls"] = many_pulls(sample.bank, sample.tm, sample.makers, sample.masks, threads)
    result["default_faint_range"] = float(table["tm_wide"].mean())
    result["zero_point_kms"] = apart(sample.bank, sample.tm, sample.makers, sample.masks, threads)
    return result | {"bias_after_zero_point_kms": result["default_bright"]["bias_kms"] - result["zero_point_kms"]}


def other_templates(sample: Sample, threads: int) -> dict:
    """Accuracy with the makers' own templates, with the makers as they come, between templates, and on real stars."""
    from velocity_data import simulate

    from mstars.velocity.match.library_bank import bank_of
    from mstars.velocity.stage import match

    # the makers' own templates, against the velocity in the spectrum: what the noise alone leaves
    asis = sample.tm.changed(align=False, faint_bend_kms=0)
    own = match(sample.spectra, bank_of(sample.makers, asis), sample.tm, threads)["rv_tm"].to_numpy() - sample.seen
    result = bright_and_faint("own_{}", own, sample.snr)
    # the makers' templates as they come: their own velocities are in what is called the truth
    again, speed, level, _ = simulate(sample.found, 1000, (5, 80), 3, sample.masks)
    table = match(again, sample.bank, sample.resting, threads)
    miss, error = table["rv_tm"].to_numpy() - speed, table["rv_tm_err"].to_numpy()
    result["makers_as_they_come"] = bright_and_faint("{}", miss, level) | {"pulls": pulls(miss, error, level)}
    ours = bank_of(sample.matched, sample.tm)
    return result | {"neighbours": neighbours(ours), "real": real_stars(ours, sample.tm)}


def paper_recipes(sample: Sample, options: argparse.Namespace) -> dict:
    """The paper's recipe with both scalings: rate and scatter."""
    from velocity_data import grow

    from mstars.core.config.template_matching import MatchOptions
    from mstars.core.config.whole import filled
    from mstars.velocity.match.library_bank import bank_of
    from mstars.velocity.stage import match

    result, n = {}, len(sample.spectra)
    for scaling in ("mean", "zscore"):
        wide = MatchOptions(**filled({"rvmm": {"tm": {"recipe": "paper", "scaling": scaling}}})["rvmm"]["tm"])
        bank = bank_of(grow(sample.matched, options.templates, 1), wide)
        measure = functools.partial(match, sample.spectra, bank, wide, options.threads)
        seconds, table = timed(measure, f"paper_{scaling}", n)
        result[f"paper_{scaling}_per_s"] = n / seconds
        miss = table["rv_tm"].to_numpy() - sample.rv
        result[f"paper_{scaling}_all"] = scatter(miss) | bright_and_faint("{}", miss, sample.snr)
    return result


def main() -> None:
    options = arguments()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    import numpy as np
    from velocity_data import grow

    from mstars.velocity.lines.measure import dsal

    sample = make_sample(options)
    n, threads = len(sample.spectra), options.threads
    result = {"n_spectra": n, "n_templates": len(sample.bank), "threads": threads}
    result |= {"real_masks": sample.masks is not None, "n_real_templates": sample.n_real_templates}
    if options.only_paper:
        print(json.dumps(result | paper_recipes(sample, options)))
        return
    result |= matrix_products(sample, threads)
    result |= default_recipe(sample, threads)
    result |= other_templates(sample, threads)
    result |= paper_recipes(sample, options)
    seconds, _ = timed(lambda: dsal(sample.spectra, threads=threads), "dsal", n)
    result["dsal_per_s"] = n / seconds
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result["plain_per_s"] = plain(sample.spectra, grow(sample.matched, options.templates, 1), options.plain, sample.tm)
    result["ratio_plain"] = result["default_per_s"] / result["plain_per_s"]
    result["core_ms"] = CORE_MS
    for peer in ("laspec", "redrock"):
        result |= beside(peer, sample.spectra, sample.rv, sample.snr, sample.matched, options.peer, sample.tm)
    print(json.dumps({key: round(v, 4) if isinstance(v, float | np.floating) else v for key, v in result.items()}))


if __name__ == "__main__":
    main()
