"""APOGEE."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from made_sky import SETTINGS, candidates

from mstars.sky.apogee import clean_apogee, match_apogee
from mstars.sky.gaia import match_gaia


def apogee_table(path, rows):
    names = ("TEFF", "LOGG", "M_H", "ALPHA_M")
    table = Table({"APOGEE_ID": [row[0] for row in rows], "RA": [row[1] for row in rows], "DEC": [0.0] * len(rows)})
    table["SNR"] = np.array([row[2] for row in rows], dtype="f4")
    for name in names:
        table[name] = np.array([row[3] if name == "TEFF" else 0.1 for row in rows], dtype="f4")
        table[f"{name}_ERR"] = np.float32(0.01)
    table["ASPCAP_CLASS"], table["ASPCAPFLAG"], table["STARFLAG"] = "GKd_a", 1 << 23, 0
    table["EXTRATARG"] = [row[4] for row in rows]
    table["PARAM_COV"] = np.zeros((len(rows), 3, 3), dtype="f4")
    table.write(path)


def test_apogee_is_deduplicated_and_its_missing_values_are_null(tmp_path):
    rows = [("2M1", 10.0, 50, 3700, 0), ("2M1", 10.0, 200, 3750, 0), ("2M1", 10.0, 999, 3800, 16)]
    apogee_table(tmp_path / "allStar.fits", [*rows, ("2M2", 20.0, 100, -9999, 0)])
    spectra = candidates([10.0, 20.0, 30.0], [0.0] * 3)
    gaia = match_gaia(spectra, None, None, SETTINGS)
    table = match_apogee(spectra, gaia, tmp_path / "allStar.fits", SETTINGS)
    assert table["apogee_id"].tolist() == ["2M1", "2M2", ""]
    assert table["TEFF"][0] == 3750
    assert np.isnan(table["TEFF"][1])
    assert table["LOGG"][1] == pytest.approx(0.1)
    assert table["ASPCAPFLAG"].tolist()[:2] == [1 << 23] * 2
    assert table["ASPCAP_CLASS"][0] == "GKd_a"


def test_clean_apogee_keeps_order():
    names = ("TEFF", "LOGG", "M_H", "ALPHA_M")
    table = pd.DataFrame({"APOGEE_ID": ["b", "a"], "SNR": [1.0, 2.0], "EXTRATARG": pd.array([0, pd.NA], dtype="Int64")})
    table = table.assign(**{name + end: 1.0 for name in names for end in ("", "_ERR")})
    assert clean_apogee(table)["APOGEE_ID"].tolist() == ["b", "a"]
