"""Time and memory of the figures and comparisons of a made-up catalogue as long as the paper's: one JSON object."""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.compare.criteria import gaia_velocities
from mstars.compare.external import Catalogue, comparison_sample, join, statistics
from mstars.figures.comparison import Limits, draw_comparison
from mstars.figures.diagrams import draw_cmd, draw_colour, draw_kiel
from mstars.figures.parameters import draw_internal_errors
from mstars.figures.style import PARAMETERS, save
from mstars.figures.velocities import comparisons, draw_gaia_comparison, draw_rv_comparison
from mstars.photometry import DM_REGION, GM_LINE


def made_up(n: int) -> pd.DataFrame:
    """A catalogue of n rows with the columns that the figures read."""
    generator = np.random.default_rng(1)
    table = pd.DataFrame({"spectrum_key": np.arange(n).astype(str), "obsid": np.arange(n)})
    table["luminosity_class"] = np.where(generator.random(n) < 0.94, "dM", "gM")
    dwarf = (table["luminosity_class"] == "dM").to_numpy()
    table["teff"] = generator.uniform(3200, 4100, n)
    table["logg"] = np.where(dwarf, 4.8, 0.8) + generator.normal(0, 0.1, n)
    table["m_h"], table["alpha_m"] = generator.normal(-0.2, 0.3, n), generator.normal(0.05, 0.05, n)
    for name in ("rv", *PARAMETERS):
        table[f"{name}_err"] = generator.lognormal(0, 0.5, n)
    table["rv"] = table["lamost_rv"] = generator.normal(0, 50, n)
    table["rv_from"], table["rv_flag"], table["parameter_flag"] = "LAMOST", 1, 1
    table["bp_rp_0"], table["M_G_0"] = generator.normal(2.5, 0.4, n), np.where(dwarf, 9, -1) + generator.normal(0, 1, n)
    table["CMD_flag"], table["CMD_pos"] = 1, table["luminosity_class"]
    table["lamost_class"], table["source_id"] = table["luminosity_class"], table["obsid"]
    table["ra"], table["dec"] = generator.uniform(0, 360, n), generator.uniform(-10, 60, n)
    for band in "ugriz":
        table[f"snr_{band}"], table[f"orp_{band}"] = generator.lognormal(3.5, 0.7, n), 0.0
    return table


def steps(table: pd.DataFrame, folder: Path):
    """Name and function of each product."""
    n = len(table)
    generator = np.random.default_rng(2)
    selection = table[["spectrum_key", "lamost_rv"]].assign(dsal_used=np.where(generator.random(n) < 0.1, "I", ""))
    for name in ("rv_tm", "rv_dsal1", "rv_dsal2"):
        selection[name] = table["lamost_rv"] + generator.normal(4, 15, n)
    band = {"mean": 4.0, "sigma": 15.0, "k": 3}
    gaia = table[["spectrum_key"]].assign(radial_velocity=table["rv"] + 5, radial_velocity_error=1.0)
    gaia = gaia.assign(rv_expected_sig_to_noise=30.0)
    apogee = (
        table[["spectrum_key", *PARAMETERS]].rename(columns=str.upper).rename(columns={"SPECTRUM_KEY": "spectrum_key"})
    )
    colours = table.rename(columns={"bp_rp_0": "bp_rp"})

    def compare():
        sample = comparison_sample(table, table, apogee.sample(20_000, random_state=1))
        catalogue = Catalogue(
            "made_up", folder, {"column": "obsid", "to": "obsid"}, {label: label for label in PARAMETERS}
        )
        theirs = table[["obsid", *PARAMETERS]].rename(columns={"obsid": "match"})
        joined = join(sample, theirs, catalogue)
        statistics(joined, "made_up")
        return draw_comparison(joined[joined["luminosity_class"] == "dM"], "made_up", "made up", "dM", Limits())

    return {
        "fig06": lambda: draw_cmd(table, DM_REGION, GM_LINE),
        "fig10": lambda: draw_rv_comparison(comparisons(selection, dict.fromkeys(("tm", "dsal1", "dsal2"), band))),
        "fig13": lambda: draw_internal_errors(table),
        "fig14": lambda: draw_gaia_comparison(gaia_velocities(table, gaia, selection)),
        "fig15": compare,
        "fig23": lambda: draw_kiel({"This work": table}),
        "fig24": lambda: draw_colour({"This work": colours}, "bp_rp", "BP-RP"),
    }


def main() -> None:
    """Draw every figure once, as PDF and PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=870_000)
    rows = parser.parse_args().rows
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, draw in steps(made_up(rows), Path(folder)).items():
            start = time.perf_counter()
            save(draw(), [Path(folder) / f"{name}.pdf", Path(folder) / f"{name}.png"])
            seconds[name] = round(time.perf_counter() - start, 2)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "total_s": sum(seconds.values()), "memory_mb": round(memory)}))


if __name__ == "__main__":
    main()
