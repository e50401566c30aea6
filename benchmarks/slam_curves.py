"""How SLAM's scatter falls with S/N: exponents with their errors, of several simulated surveys together.

``python benchmarks/slam_curves.py results/demo F/results/seed_71 F/results/seed_72``

For each survey and for all: labelled dwarfs by models of ten folds that have not seen them, about their labels, as in
the paper, and about the truth; and new dwarfs about the truth. ``power`` is the exponent of the paper's form, a
(S/N)^b; ``paper_rows`` the same at the S/N_i of the rows of its Table 4. ``with_floor`` has b of (a (S/N)^b)^2 + c^2,
and c. A standard deviation follows each number: that of stars drawn anew. The last line of output is one JSON object.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
from seeds import outcomes

from mstars.core.robust import mad_std
from mstars.engines.slam.errors import curve_uncertainties, fit_curve, fit_power_law
from mstars.files.tables import read_table
from mstars.parameters.calibration import SNR_BINS

LABELS = {"teff": 1, "m_h": 3}
"""Decimals of a scatter."""
PAPER_ROWS = (23, 144)
"""S/N_i of the rows of Table 4 of Li et al. 2021."""


def residuals(survey: Path) -> dict[str, pd.DataFrame]:
    """Residuals of a survey by what they are about: star_id, snri and the labels, K and dex."""
    truth = read_table(survey / "sim" / "truth.parquet", ["spectrum_key", *(f"true_{label}" for label in LABELS)])
    cv = read_table(survey / "models" / "slam_dM" / "out_of_fold.parquet")
    known = cv.merge(truth.rename(columns={f"true_{label}": f"{label}_planted" for label in LABELS}), on="spectrum_key")
    new = outcomes(survey, "slam")
    new = new[new["new"]].rename(columns={"star_id_true": "star_id"})
    found = {
        "cv - labels": cv.assign(**{label: cv[f"{label}_oof"] - cv[f"{label}_true"] for label in LABELS}),
        "cv - truth": known.assign(**{label: known[f"{label}_oof"] - known[f"{label}_planted"] for label in LABELS}),
        "new - truth": new.assign(**{label: new[label] - new[f"true_{label}"] for label in LABELS}),
    }
    return {
        name: table[["star_id", "snri", *LABELS]].assign(star_id=survey.name + " " + table["star_id"].astype(str))
        for name, table in found.items()
    }


def exponents(table: pd.DataFrame, label: str, decimals: int) -> dict:
    """Both curves' exponents and the scatter by S/N of some residuals."""
    table = table[table[label].notna() & (table["snri"] > 0)]
    snr, off = table["snri"].to_numpy(dtype=float), table[label].to_numpy(dtype=float)
    _, b, c = fit_curve(snr, off)
    errors = curve_uncertainties(snr, off, table["star_id"].to_numpy())
    scatter = {}
    for name, (low, high) in SNR_BINS.items():
        inside = off[(snr > low) & (snr <= high)]
        scatter[name] = [round(float(mad_std(inside)), decimals), len(inside)]
    rows = (snr >= PAPER_ROWS[0]) & (snr <= PAPER_ROWS[1])
    bright = curve_uncertainties(snr[rows], off[rows], table["star_id"].to_numpy()[rows])["power_b"]
    return {
        "spectra": len(table),
        "paper_rows": [round(fit_power_law(snr[rows], off[rows])[1], 3), round(bright, 3)],
        "power": [round(fit_power_law(snr, off)[1], 3), round(errors["power_b"], 3)],
        "with_floor": [round(b, 2), round(errors["b"], 2), round(c, decimals + 1), round(errors["c"], decimals + 1)],
        "robust_scatter": scatter,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("surveys", nargs="+", type=Path)
    options = parser.parse_args()
    tables = {survey.name: residuals(survey) for survey in options.surveys}
    if len(tables) > 1:
        names = next(iter(tables.values()))
        tables["all"] = {name: pd.concat([one[name] for one in tables.values()]) for name in names}
    result = {
        name: {
            f"{label}, {about}": exponents(table, label, decimals)
            for label, decimals in LABELS.items()
            for about, table in own.items()
        }
        for name, own in tables.items()
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
