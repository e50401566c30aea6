"""What each choice of `rvmm.selection.dsal_band` finds and costs, on a simulated survey whose velocities are known.

As it is, and with so few planted velocities as DR10 has wrong ones (1.5 %), where the paper's bands are narrower.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

WRONG_KMS = 30.0
"""A velocity of LAMOST's farther from the truth is wrong: the scorecard's `validate.rv_tolerance_kms`."""

CHOICES = ("all", "outside", "printed")


def select_with(choice: str, catalog: pd.DataFrame, measured: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """RVMM's selection with the bands of one choice; ``printed`` takes those of the paper's Figure 10."""
    from mstars.core.config.velocity_selection import SelectionOptions
    from mstars.velocity.decide.bands import PAPER_BANDS, inside_band, select

    if choice != "printed":
        return select(catalog, measured, SelectionOptions(dsal_band=choice))
    table, summary = select(catalog, measured, SelectionOptions(dsal_band="outside"))
    agrees = np.zeros(len(table), bool)
    for name, which in (("dsal1", "I"), ("dsal2", "II")):
        band = summary["bands"][name] | dict(zip(("mean", "sigma"), PAPER_BANDS[name], strict=True))
        summary["bands"][name] = band
        off = (table[f"rv_{name}"] - table["lamost_rv"]).to_numpy(float)
        agrees |= (table["dsal_used"] == which).to_numpy() & inside_band(off, band)
    reliable = table["in_tm_band"].to_numpy() | agrees
    fast = reliable & (table["lamost_rv"].abs() > SelectionOptions().check_speed_kms).to_numpy()
    return table.assign(in_dsal_band=agrees, candidate=~reliable | fast), summary


def counts(choice: str, catalog: pd.DataFrame, measured: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Candidates of true M stars, wrong velocities that are not among them, and good ones that are."""
    table, summary = select_with(choice, catalog, measured)
    table = table.merge(truth, on="spectrum_key")
    wrong = ((table["lamost_rv"] - table["true_rv_lamost"]).abs() > WRONG_KMS).to_numpy()
    good = ~wrong & (table["planted_rv"] == "").to_numpy()
    queued, rescued = table["candidate"].to_numpy(), (table["in_dsal_band"] & ~table["in_tm_band"]).to_numpy()
    return {
        "spectra": len(table),
        "candidates": int(queued.sum()),
        "wrong": int(wrong.sum()),
        "wrong_not_queued": int((wrong & ~queued).sum()),
        "good": int(good.sum()),
        "good_queued": int((good & queued).sum()),
        "rescued": int(rescued.sum()),
        "rescued_wrong": int((rescued & wrong).sum()),
        **{f"{name}_sigma_kms": float(summary["bands"][name]["sigma"]) for name in ("dsal1", "dsal2")},
    }


def main() -> None:
    """Print the counts of each choice as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default="results/demo", help="a finished simulated survey")
    parser.add_argument("--share", type=float, default=0.015, help="planted velocities among the M stars")
    parser.add_argument("--draws", type=int, default=20, help="random draws of so few")
    options = parser.parse_args()
    from mstars.core.classes import LUMINOSITY_CLASSES
    from mstars.files.tables import read_table

    folder = Path(options.results)
    catalog = read_table(folder / "catalogs" / "m_catalog_v2.parquet")
    measured = pd.concat([read_table(path) for path in sorted((folder / "rv" / "measure").glob("*.parquet"))])
    truth = read_table(folder / "sim" / "truth.parquet", ["spectrum_key", "true_class", "true_rv_lamost", "planted_rv"])
    truth = truth[truth["true_class"].isin(LUMINOSITY_CLASSES)]
    result = {choice: counts(choice, catalog, measured, truth) for choice in CHOICES}
    planted = catalog.loc[catalog["spectrum_key"].isin(truth.loc[truth["planted_rv"] != "", "spectrum_key"])]
    kept = round(options.share * len(catalog))
    random = np.random.default_rng(1)
    thinned = {choice: [] for choice in CHOICES}
    for _ in range(options.draws):
        dropped = random.permutation(planted["spectrum_key"])[kept:]
        fewer = catalog[~catalog["spectrum_key"].isin(dropped)].reset_index(drop=True)
        for choice in CHOICES:
            thinned[choice].append(counts(choice, fewer, measured, truth))
    means = {choice: pd.DataFrame(rows).mean().round(2).to_dict() for choice, rows in thinned.items()}
    print(json.dumps({"as_it_is": result, f"planted_{options.share}": means}))


if __name__ == "__main__":
    main()
