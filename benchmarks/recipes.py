"""What recipes make of the velocities of one simulated survey: repaired, harmed, scatter, beside the input's.

Each folder is of one survey with another config, run to `catalogs/m_catalog_v3` at least.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd


def velocities_of(folder: Path, least_snr: float, wrong_kms: float) -> dict[str, dict]:
    """Scores of `rv`, `rv_paper`, template matching and DSAL, true M stars.

    Parameters
    ----------
    folder : Path
    least_snr : float
        S/N_i of the spectra that scatter is measured on.
    wrong_kms : float
        A velocity farther from the truth is wrong.

    Returns
    -------
    dict of str to dict
    """
    from mstars.core.classes import LUMINOSITY_CLASSES
    from mstars.core.robust import mad_std
    from mstars.files.tables import read_table

    truth = read_table(folder / "sim" / "truth.parquet", ["spectrum_key", "true_class", "true_rv_lamost", "planted_rv"])
    selection = read_table(folder / "rv" / "selection.parquet", ["spectrum_key", "rv_tm", "rv_dsal1", "rv_dsal2"])
    catalog = read_table(folder / "catalogs" / "m_catalog_v3.parquet")
    names = ["spectrum_key", "lamost_rv", "snri", "rv", "rv_paper", "rv_paper_from"]
    table = catalog[names].merge(truth, on="spectrum_key").merge(selection, on="spectrum_key")
    table = table[table["true_class"].isin(LUMINOSITY_CLASSES)]
    right, before = (table[name].to_numpy(float) for name in ("true_rv_lamost", "lamost_rv"))
    planted, kind = (table["planted_rv"] != "").to_numpy(), table["planted_rv"].to_numpy(dtype=str)
    measurable = kind != "wave_err"
    bright = (table["snri"] > least_snr).to_numpy()
    good = ~planted & (np.abs(before - right) <= wrong_kms)
    dsal = table["rv_dsal1"].fillna(table["rv_dsal2"])
    result = {}
    for name, values in (*((name, table[name]) for name in ("lamost_rv", "rv", "rv_paper", "rv_tm")), ("dsal", dsal)):
        values = values.to_numpy(float)
        off = values - right
        near = np.abs(off) <= wrong_kms
        nulled = ~np.isfinite(values) & np.isin(kind, ["low_quality", "wave_err"])
        shown = off[bright & measurable & np.isfinite(off)]
        result[name] = {
            "planted": int(planted.sum()),
            "repaired": int((planted & (near | nulled)).sum()),
            "good": int(good.sum()),
            "harmed": int((good & ~near).sum()),
            "scatter_kms": round(float(mad_std(shown)), 2),
            "off_share": round(float((np.abs(shown) > wrong_kms).mean()), 4),
            "n_scatter": len(shown),
        }
    updated = ~np.isclose(table["rv_paper"].to_numpy(float), before, rtol=0, atol=1e-6)
    worse = updated & ~(np.abs(table["rv_paper"].to_numpy(float) - right) <= np.abs(before - right))
    result["rv_paper"] |= {"updated": int(updated.sum()), "good_made_worse": int((good & worse).sum())}
    return result


def main() -> None:
    """Print the scores of each folder as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", help="folders of results")
    parser.add_argument("--least-snr", type=float, default=10, help="validate.snr_min")
    parser.add_argument("--wrong-kms", type=float, default=30, help="validate.rv_tolerance_kms")
    options = parser.parse_args()
    found = {
        Path(name).name: velocities_of(Path(name), options.least_snr, options.wrong_kms) for name in options.results
    }
    for name, scores in found.items():
        print(name, pd.DataFrame(scores).T.to_string(), sep="\n")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
