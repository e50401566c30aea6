"""Velocities of real M dwarfs beside independent ones: ours and the header's z*c (median difference, robust scatter).

    python benchmarks/real_velocities.py results/real m_star_truth.csv

The first argument is a finished `files` survey; the second a table with a column ``file`` and, in order of
preference, ``cif03_rv``, ``birky_RV_APOGEE``, ``birky_RV_GAIA``, and ``rv_lamost_z`` (z*c of the header). The last
line is one JSON object.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCES = ["cif03_rv", "birky_RV_APOGEE", "birky_RV_GAIA"]


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
        "off_by_more_than_30": int((off > 30).sum()),
        "largest_kms": float(off.max()),
    }


def compare(results: Path, truth: Path) -> tuple[pd.DataFrame, dict]:
    """Join the catalogue and the independent velocities by file name."""
    catalog = pd.read_parquet(results / "catalogs" / "recommended.parquet")
    catalog["file"] = catalog["filename"].map(lambda name: Path(name).name)
    known = pd.read_csv(truth)
    known["rv_reference"] = known[REFERENCES].bfill(axis=1).iloc[:, 0]
    known = known[known["rv_reference"].notna()]
    both = known.merge(catalog[["file", "spectrum_key", "rv", "rv_err", "rv_from"]], on="file", how="left")
    measured = pd.concat([pd.read_parquet(path) for path in sorted((results / "rv" / "measure").glob("*.parquet"))])
    both = both.merge(measured[["spectrum_key", "rv_tm", "rv_tm_err"]], on="spectrum_key", how="left")
    columns = {"catalogue": both["rv"], "template_matching": both["rv_tm"], "header": both["rv_lamost_z"]}
    return both, {name: summary(value - both["rv_reference"]) for name, value in columns.items()}


def main() -> None:
    """Print the stars, then the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("truth", type=Path)
    arguments = parser.parse_args()
    both, figures = compare(arguments.results, arguments.truth)
    shown = ["file", "sub", "snri", "rv_reference", "rv_lamost_z", "rv_tm", "rv_tm_err", "rv", "rv_err", "rv_from"]
    print(both[shown].round(2).to_string(index=False))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
