"""The truth table: read by validation alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS
from mstars.core.missing import without_missing
from mstars.files.json_files import write_json
from mstars.files.tables import write_table
from mstars.simulate.observations import ZERO_POINT_KMS
from mstars.simulate.sizes import SIZES, plates


def truth_table(plan: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """One row a spectrum of the plan.

    Parameters
    ----------
    plan : pandas.DataFrame
        Of `mstars.simulate.observations.draw_survey`.
    measured : pandas.DataFrame
        S/N by band of the written spectra, by spectrum_key.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, plate, role, star_id_true; true_class (dM, gM, K, or one of the review's classes; OB, A, ...,
        GALAXY, QSO, WD for training spectra), true_lum (dwarf, giant or empty), true_rv (km/s, heliocentric, on
        Gaia's scale; the written spectrum moves with true_rv + `ZERO_POINT_KMS` = true_rv_lamost), true_teff (K),
        true_logg, true_m_h, true_alpha_m (null where the class has none), planted_class, planted_dmgm (bool),
        planted_rv (empty, wrong_rv, red_end, emission, low_quality, wave_err), companion_kms (velocity of a second star
        in the spectrum less the first's, 0: single), lamost_class, lamost_rv (km/s), snri.
    """
    rows = plan.merge(measured[["spectrum_key", "snri", "snrg"]], on="spectrum_key", validate="one_to_one")
    star = rows["kind"].isin(LUMINOSITY_CLASSES)
    giant = rows["kind"].isin(["gM", "S"])
    table = pd.DataFrame(
        {
            "spectrum_key": rows["spectrum_key"],
            "plate": rows["plate"],
            "role": rows["role"],
            "star_id_true": rows["star"].astype("int64"),
            "true_class": rows["true_class"],
            "true_lum": np.where(rows["kind"] == "dM", "dwarf", np.where(giant, "giant", "")),
            "true_rv": rows["rv"],
            "true_rv_lamost": rows["rv"] + ZERO_POINT_KMS,
            **{f"true_{label}": rows[label].where(star) for label in LABELS},
            "true_redshift": rows["redshift"],
            "true_ebv": rows["ebv"],
            "true_distance": rows["distance"],
            "planted_class": rows["planted_class"],
            "planted_dmgm": rows["planted_dmgm"].astype(bool),
            "planted_rv": rows["planted_rv"],
            "companion_kms": rows["companion_kms"],
            "lamost_class": rows["lamost_class"],
            "lamost_rv": rows["lamost_rv"].where(without_missing(rows["z"]).notna()),
            "snri": rows["snri"],
            "snrg": rows["snrg"],
        }
    )
    return table.sort_values("spectrum_key", ignore_index=True)


def write_truth(plan: pd.DataFrame, measured: pd.DataFrame, folder: str | Path, facts: dict) -> None:
    """Write ``truth.parquet`` and ``simulation.json``.

    Parameters
    ----------
    plan, measured
        As for `truth_table`.
    folder : str or Path
    facts : dict
        Size, sources and what else is to be kept in the JSON file, beside zero point and counts.
    """
    folder = Path(folder)
    table = truth_table(plan, measured)
    write_table(table, folder / "truth.parquet")
    candidates = table[table["role"] == "candidate"]
    counts = {
        "spectra": len(table),
        "candidates": len(candidates),
        "true_class": candidates["true_class"].value_counts().sort_index().to_dict(),
        "planted_rv": candidates.loc[candidates["planted_rv"] != "", "planted_rv"]
        .value_counts()
        .sort_index()
        .to_dict(),
        "planted_dmgm": int(candidates["planted_dmgm"].sum()),
        "plates": [plate["plate"] for plate in plates(facts["size"])],
    }
    write_json(
        {"rv_zero_point_kms": ZERO_POINT_KMS, "sizes": SIZES[facts["size"]], **facts, **counts},
        folder / "simulation.json",
    )
