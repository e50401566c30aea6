"""Velocities of real M dwarfs beside independent ones: ours, the header's z*c and other codes' on the same spectra.

    python benchmarks/real_velocities.py results/real m_star_truth.csv [--library results/templates/library.h5]

The first argument is a finished `files` survey; the second a table with a column ``file`` and, in order of
preference, ``birky_RV_APOGEE``, ``cif03_rv``, ``birky_RV_GAIA``, and ``rv_lamost_z`` (z*c of the header). With a
library redrock and laspec measure the same spectra, where they are installed (`velocity_peers.py`). The last line is
one JSON object: median difference, robust scatter and mean |difference| of each, and a paired bootstrap of
mean |difference| of template matching less each of the others.
"""

import argparse
import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCES = ["birky_RV_APOGEE", "cif03_rv", "birky_RV_GAIA"]


def robust_scatter(values: np.ndarray) -> float:
    """1.4826 x the median absolute deviation."""
    return float(1.4826 * np.median(np.abs(values - np.median(values))))


def summary(difference: pd.Series) -> dict:
    """Median difference, robust scatter and the largest deviation from the median, km/s."""
    values = difference.dropna().to_numpy()
    off = np.abs(values - np.median(values))
    return {
        "n": len(values),
        "median_kms": float(np.median(values)),
        "scatter_kms": robust_scatter(values),
        "mean_kms": float(off.mean()),
        "off_by_more_than_30": int((off > 30).sum()),
        "largest_kms": float(off.max()),
    }


def bootstrap(ours: pd.Series, theirs: pd.Series) -> list[float]:
    """Mean |difference| (each after its own median) of ours less theirs on the stars of both, and its 95 %, km/s."""
    both = ours.notna() & theirs.notna()
    first, second = (np.abs(values[both] - values[both].median()).to_numpy() for values in (ours, theirs))
    gain, rng = first - second, np.random.default_rng(1)
    means = [gain[rng.integers(0, len(gain), len(gain))].mean() for _ in range(4000)]
    return [round(float(value), 2) for value in (gain.mean(), *np.percentile(means, [2.5, 97.5]))]


def others(results: Path, keys: pd.Series, library: Path) -> dict[str, pd.Series]:
    """Velocities of the other codes that are installed, in the order of ``keys``, km/s."""
    from velocity_peers import PEERS

    from mstars.core.config.whole import filled
    from mstars.files.stores import read_batch
    from mstars.spectra.container import SpectrumSet
    from mstars.templates.library import load_library

    batches = [read_batch(path) for path in sorted((results / "spectra").glob("*.h5"))]
    names = ("flux", "ivar", "ormask", "spectrum_key")
    arrays = {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}
    place = pd.Series(np.arange(len(arrays["spectrum_key"])), arrays["spectrum_key"]).loc[keys].to_numpy()
    flux, ivar, ormask, found = (arrays[name][place] for name in names)
    spectra = SpectrumSet(flux, ivar, ormask, batches[0].wavelength, found)
    config = filled({})
    templates = load_library(library, sources=config["templates"]["match_sources"])
    templates = templates.select((templates.table["spectral_class"] == "M").to_numpy())
    measured = {}
    for name, measure in PEERS.items():
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                measured[name] = pd.Series(measure(spectra, templates)[0], keys.index)
        except ImportError as error:
            print(f"{name}: skipped ({error})", file=sys.stderr)
    return measured


def compare(results: Path, truth: Path, library: Path | None = None) -> tuple[pd.DataFrame, dict]:
    """Join the catalogue and the independent velocities by file name."""
    catalog = pd.read_parquet(results / "catalogs" / "recommended.parquet")
    catalog["file"] = catalog["filename"].map(lambda name: Path(name).name)
    known = pd.read_csv(truth)
    known["rv_reference"] = known[REFERENCES].bfill(axis=1).iloc[:, 0]
    known = known[known["rv_reference"].notna()]
    both = known.merge(catalog[["file", "spectrum_key", "rv", "rv_err", "rv_from"]], on="file", how="left")
    measured = pd.concat([pd.read_parquet(path) for path in sorted((results / "rv" / "measure").glob("*.parquet"))])
    both = both.merge(measured[["spectrum_key", "rv_tm", "rv_tm_err"]], on="spectrum_key", how="left")
    combined = pd.read_parquet(results / "catalogs" / "m_catalog_v3.parquet", columns=["spectrum_key", "rv_best"])
    both = both.merge(combined, on="spectrum_key", how="left")
    columns = {"template_matching": both["rv_tm"], "rv_best": both["rv_best"]}
    columns |= {"header": both["rv_lamost_z"], "catalogue": both["rv"]}
    if library is not None:
        here = both["spectrum_key"].dropna()
        columns |= {name: value.reindex(both.index) for name, value in others(results, here, library).items()}
    off = {name: value - both["rv_reference"] for name, value in columns.items()}
    figures = {name: summary(value) for name, value in off.items()}
    pull = (off["template_matching"] - off["template_matching"].median()) / both["rv_tm_err"]
    figures["template_matching"]["pull"] = robust_scatter(pull.dropna().to_numpy())
    for name in off.keys() - {"template_matching"}:
        figures[name]["ours_less_kms"] = bootstrap(off["template_matching"], off[name])
    return both, figures


def main() -> None:
    """Print the stars, then the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--library", type=Path, help="templates for the other codes")
    arguments = parser.parse_args()
    both, figures = compare(arguments.results, arguments.truth, arguments.library)
    shown = ["file", "sub", "snri", "rv_reference", "rv_lamost_z", "rv_tm", "rv_tm_err", "rv", "rv_err", "rv_from"]
    print(both[shown].round(2).to_string(index=False))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
