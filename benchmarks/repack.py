"""Put a newly trained classifier or newly calibrated errors into a bundle of models; its other files stay.

    python benchmarks/repack.py resources/models/simulated-1.tar.gz --classifier build/members/together
    python benchmarks/repack.py resources/models/simulated-1.tar.gz --calibrate F/results/seed_71

``--calibrate`` needs no training: the bundle has the out-of-fold values of its labelled stars. How much farther apart
its networks are on new stars is measured on those of a finished simulated survey, of which no truth is read. The fit is
the workflow's. ``--spread-of-all``: the bundle's ``_spread`` is that of all its networks, as of mstars before the
spread left out the one that had not seen the star. The bundle is replaced whole.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from error_pulls import predicted_by

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.config.whole import filled
from mstars.core.labels import LABELS
from mstars.engines.calibration import calibrate_kind
from mstars.engines.registry import engine_info, engine_models, engine_settings
from mstars.files.json_files import read_json, write_json
from mstars.files.tables import read_table, write_table
from mstars.networks.folder import load_model
from mstars.ops.bundle import DESCRIPTION, pack_models, unpack_models


def spread_of_others(table: pd.DataFrame, many: int) -> pd.DataFrame:
    """Out-of-fold values with the spread of the models that have seen a star, from that of all ``many``."""
    table = table.copy()
    for label in LABELS:
        own, mean, spread = (table[f"{label}_{end}"].astype(float) for end in ("oof", "mean", "spread"))
        less = (many * spread**2 - (own - mean) ** 2 * many / (many - 1)) / (many - 1)
        table[f"{label}_spread"] = np.sqrt(np.maximum(less, 0.0))
    return table


def calibrate(models: Path, survey: Path, spread_of_all: bool) -> None:
    """Write the calibration of both classes anew, and the spread that it rests on."""
    settings = engine_settings(filled({}, engine_models()), "cnn")
    snri = read_table(survey / "catalogs" / "m_catalog_v3.parquet", ["spectrum_key", "snri"])
    for kind in LUMINOSITY_CLASSES:
        folder = models / f"tlma_{kind}"
        training = read_table(folder / "out_of_fold.parquet")
        if spread_of_all:
            training = spread_of_others(training, len(list(folder.glob("fold*"))))
            write_table(training, folder / "out_of_fold.parquet")
        fits = calibrate_kind(
            engine_info("cnn"),
            training,
            kind=kind,
            label_errors=settings["label_errors"],
            predictions=predicted_by(models, survey, kind),
            snri=snri,
        )
        write_json(fits, folder / "calibration.json")
        for label, fit in fits.items():
            print(kind, label, json.dumps({name: fit[name] for name in ("spread_factor", "floor", "label_share")}))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--classifier", type=Path, nargs="+", default=[], help="model folders: spt, wdm, dmgm")
    parser.add_argument("--calibrate", type=Path, metavar="SURVEY", help="a simulated survey, new to the models")
    parser.add_argument("--spread-of-all", action="store_true", help="the bundle's spread is that of all networks")
    options = parser.parse_args()
    with tarfile.open(options.bundle) as tar:
        about = json.load(tar.extractfile(DESCRIPTION))["about"]
    with tempfile.TemporaryDirectory() as scratch:
        models = Path(scratch) / "models"
        unpack_models(options.bundle, models)
        for folder in options.classifier:
            task = load_model(folder).task
            for name in read_json(models / DESCRIPTION)["files"]:
                if name.startswith(f"{task}/") and (folder / Path(name).name).is_file():
                    shutil.copyfile(folder / Path(name).name, models / name)
        if options.calibrate:
            calibrate(models, options.calibrate, options.spread_of_all)
        about |= {"calibrated_with": options.calibrate.name} if options.calibrate else {}
        pack_models(models, options.bundle, models / "LICENSE", about)
    print(options.bundle, options.bundle.stat().st_size)


if __name__ == "__main__":
    main()
