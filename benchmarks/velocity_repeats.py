"""Repeats of real A to K stars: scatter of the velocities of one star, with templates of these classes.

    python benchmarks/velocity_repeats.py [--library results/templates/library.h5]

Spectra are those of CCF_LAMOST_LRS in the folder of real LAMOST files (MSTARS_REAL). Prints one JSON object on the last
line.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
from velocity_data import read_files, real_folder

from mstars.core.config.template_matching import MatchOptions
from mstars.core.config.whole import filled
from mstars.templates.library import load_library
from mstars.velocity.decide.zero_point import repeat_pulls
from mstars.velocity.match.align import rest_offsets
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank

RANGES = {"blue": (4000.0, 5800.0), "whole": (4000.0, 8900.0), "red": (6000.0, 8900.0)}


def template_bank(library, span):
    """Templates of A to K that cover ``span``, their rest frames made to agree."""
    chosen = library.select(library.table["spectral_class"].isin(list("AFGK")).to_numpy())
    names = chosen.table["name"].to_numpy(dtype=str)
    first = make_bank(chosen.wavelength, chosen.flux, names, rest_range=span)
    offset = pd.Series(rest_offsets(first), index=first.name).reindex(names).fillna(0.0).to_numpy()
    return make_bank(chosen.wavelength, chosen.flux, names, rest_range=span, moving=offset)


def groups(table: pd.DataFrame) -> np.ndarray:
    """Number of the star of each row: within 3 arcsec of the first of its group."""
    ra, dec = np.radians(table["ra"].to_numpy()), np.radians(table["dec"].to_numpy())
    star = np.full(len(table), -1)
    for row in range(len(table)):
        if star[row] < 0:
            away = np.hypot((ra - ra[row]) * np.cos(dec[row]), dec - dec[row])
            star[(away < np.radians(3 / 3600)) & (star < 0)] = row
    return star


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", default="results/templates/library.h5")
    options = parser.parse_args()
    folder = real_folder()
    if folder is None:
        raise SystemExit("MSTARS_REAL names no folder with real LAMOST files")
    table = pd.read_csv(folder / "index.csv")
    table = table[table["src"] == "CCF_LAMOST_LRS"].reset_index(drop=True)
    table["star_id"] = groups(table)
    spectra = read_files([folder / row.src / row.file for row in table.itertuples()])
    settings = filled({})["rvmm"]["tm"]
    library = load_library(options.library)
    header = table.assign(rv=table["z"] * 299792.458, err=5.0)
    result = {"n": len(table), "stars": int(table["star_id"].nunique())}
    result["header"] = repeat_pulls(header[header["z"] > -1], "rv", "err")
    for name, span in RANGES.items():
        bank = template_bank(library, span)
        found = match_templates(spectra, bank, MatchOptions(**settings | {"left_out": []}))
        both = pd.concat([table[["star_id"]], found], axis=1)
        result[name] = {"templates": len(bank)} | repeat_pulls(both)
        difference = (found["rv_tm"] - header["rv"])[header["z"] > -1]
        middle = difference.median()
        result[name]["less_header_kms"] = [float(middle), float(1.4826 * (difference - middle).abs().median())]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
