"""SLAM on real M dwarfs beside their Teff in two catalogues, and these beside each other.

``python benchmarks/slam_real.py [--models results/demo/models/slam_dM/all] [--real ../shared/real]
[--theory GRID --medium air --resolution 1800]``

The spectra are LAMOST's of ``REAL/lamost`` with a row in m_star_truth.csv; velocities are those of template matching.
The model may be of a simulated survey: then the parameters test the machinery and are not for science. ``--theory``
trains TEFF_BT's model on a grid, within the labels that it has. The last line of output is one JSON object: for each
difference the median, the robust scatter and the stars; the flags; and what the theory grid's model is worth.
"""

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src")]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from mstars.core.config.keys import plain  # noqa: E402
from mstars.core.flags import EngineFlag  # noqa: E402
from mstars.core.robust import mad_std  # noqa: E402
from mstars.core.snr import SNR  # noqa: E402
from mstars.engines.batch import predict_spectra  # noqa: E402
from mstars.engines.slam.fit import Fitter  # noqa: E402
from mstars.engines.slam.model import ENGINE  # noqa: E402
from mstars.engines.slam.settings import SlamSettings  # noqa: E402
from mstars.engines.slam.theory_model import LABELS, train_theory  # noqa: E402
from mstars.measure import read_spectra, velocities  # noqa: E402
from mstars.templates.theory_formats import read_theory_grid  # noqa: E402

CATALOGUES = {"cif03": "cif03_Teff_K", "mulyss": "muLyss_teffin"}


def trained(options: argparse.Namespace) -> tuple[Fitter, dict]:
    """TEFF_BT's fitter, and what its cross-validation says."""
    grid = read_theory_grid(options.theory, medium=options.medium, native=options.resolution)
    settings = plain(SlamSettings())
    settings |= {"theory_box": {label: grid.limits()[label] for label in LABELS}}
    begin = time.process_time()
    found = train_theory(grid, ENGINE.grid(settings), settings, 1)
    seconds = round(time.process_time() - begin, 1)
    about = {"spectra": len(grid.labels), "training_processor_s": seconds, "box": settings["theory_box"]}
    about["snr_bias_scatter_teff"] = [[round(float(value), 1) for value in row[:3]] for row in found.cv]
    return Fitter(found.model, found.variance, found.lower, found.upper), about


def measured(real: Path, folder: Path, theory: Fitter | None) -> pd.DataFrame:
    """Parameters of the spectra that have a row of truth, with that row."""
    truth = pd.read_csv(real / "lamost" / "m_star_truth.csv")
    spectra, header, _ = read_spectra(real / "lamost")
    rows = np.flatnonzero(header["filename"].isin(truth["file"]).to_numpy())
    spectra, header = spectra.select(rows), header.iloc[rows].reset_index(drop=True)
    rv = velocities(spectra)["rv_tm"].to_numpy(dtype=float)
    about = header[["spectrum_key", *SNR]].assign(luminosity_class="dM", rv=rv)
    settings = plain(SlamSettings())
    model = ENGINE.load([folder], kind="dM", settings=settings)
    model.theory = theory or model.theory
    table = predict_spectra(ENGINE, {"dM": model}, spectra, about, settings, "files")
    return table.assign(file=header["filename"], snri=header["snri"]).merge(truth.drop(columns="snri"), on="file")


def difference(one: pd.Series, other: pd.Series) -> dict:
    """Median, robust scatter and number of stars that have both."""
    off = (one - other).dropna().to_numpy()
    return {"median": round(float(np.median(off)), 1), "scatter": round(mad_std(off), 1), "stars": len(off)}


def main() -> None:
    """Measure and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="results/demo/models/slam_dM/all", type=Path)
    parser.add_argument("--real", default=ROOT.parent / "shared" / "real", type=Path)
    parser.add_argument("--theory", type=Path)
    parser.add_argument("--medium", choices=("air", "vacuum"))
    parser.add_argument("--resolution", type=float)
    options = parser.parse_args()
    theory, about = trained(options) if options.theory else (None, None)
    table = measured(options.real, options.models, theory)
    table = table[table["teff"].notna()]
    flags = {flag.name.lower(): int((table["flag"] & flag > 0).sum()) for flag in EngineFlag}
    both = table[table[list(CATALOGUES.values())].notna().all(axis=1)]
    found = {f"slam - {name}": difference(table["teff"], table[column]) for name, column in CATALOGUES.items()}
    found |= {f"slam - {name}, in both": difference(both["teff"], both[column]) for name, column in CATALOGUES.items()}
    found["mulyss - cif03"] = difference(both[CATALOGUES["mulyss"]], both[CATALOGUES["cif03"]])
    if table["teff_bt"].notna().any():
        held = ((table["flag"] & ENGINE.info.own_flags["bt_at_boundary"]) > 0).sum()
        found |= {
            f"teff_bt - {name}": difference(table["teff_bt"], table[column]) for name, column in CATALOGUES.items()
        }
        found |= {"teff_bt - teff": difference(table["teff_bt"], table["teff"]), "bt_at_boundary": int(held)}
    middle = {name: float(table[name].median()) for name in ("chi2", "teff_err", "m_h", "m_h_err")}
    flags = {name: count for name, count in flags.items() if count}
    print(json.dumps({"spectra": len(table), "flags": flags, "median": middle, "teff": found, "theory": about}))


if __name__ == "__main__":
    main()
