"""Numbers of Zhang et al. 2025 of made tables: each is what was planted, and every key is one that the paper prints."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.resources import resource, resource_table
from mstars.literature.engine_groups import HEADS as GROUP_HEADS
from mstars.literature.engine_labels import Source
from mstars.literature.engine_pairs import compare_sources
from mstars.paper.zhang2025 import beside_numbers, catalogue_numbers, literature_numbers, network_numbers

N = 800


def test_counts_velocities_and_subtypes():
    rng = np.random.default_rng(1)
    keys = [f"{k:04d}" for k in range(N)]
    velocity = rng.normal(0, 30, N)
    catalogue = pd.DataFrame({"spectrum_key": keys, "ID": np.arange(N) // 2, "RV": velocity + rng.normal(3, 9, N)})
    catalogue["Subclass"], catalogue["SpT"] = "dM2", 2.2 + rng.normal(0, 0.7, N)
    catalogue["Activity"] = pd.array((np.arange(N) % 10 == 0).astype(int), dtype="Int64")
    gaia = pd.DataFrame({"spectrum_key": keys, "radial_velocity": velocity, "radial_velocity_error": 1.0})
    gaia["rv_expected_sig_to_noise"] = np.where(np.arange(N) < 600, 30.0, 5.0)
    m_catalog = pd.DataFrame({"luminosity_class": ["dM", "dM", "gM", "dM"], "snrr": [9, 4, 9, 9], "snri": [9, 9, 9, 9]})
    found = catalogue_numbers(catalogue, m_catalog, gaia)
    assert (found["n_candidates"], found["n_catalogue"], found["n_stars"], found["n_active"]) == (2, N, N / 2, N / 10)
    assert found["rv_bias_gaia"] == pytest.approx(3, abs=1.5) and found["rv_sigma_gaia"] == pytest.approx(9, rel=0.15)
    assert found["subtype_bias"] == pytest.approx(0.2, abs=0.1) and found["subtype_sigma"] == pytest.approx(
        0.7, rel=0.1
    )


def test_emulator_residuals_and_repeats():
    nodes = pd.DataFrame(
        {"teff": [3500.0, 3500, 2900], "m_h": 0.0, "valid": [True, False, True], "error": [0.004, 9, 0.02]}
    )
    repeats = {"teff": {"a": 400.0, "b": 18.0}, "rv": {"a": None, "b": None}}
    found = network_numbers(nodes, {"theory": 2.0, "transfer": 1.7}, repeats)
    assert found["emulator_error"] == pytest.approx(2) and found["emulator_error_bulk"] == pytest.approx(0.4)
    assert (found["residual_theory"], found["teff_snr10"], found["teff_snr100"]) == (2.0, 58.0, 22.0)
    assert "rv_snr10" not in found


def test_beside_others_with_the_papers_signs():
    rng = np.random.default_rng(2)
    table = pd.DataFrame(
        {"luminosity_class": "dM", "snri": 50.0, "teff_csn": rng.uniform(3300, 3900, N)}, index=range(N)
    )
    table["teff_slam"], table["teff_ding2022"] = table["teff_csn"] + 169, table["teff_csn"] - 68
    table["teff_apogee"] = table["teff_csn"] + rng.normal(0, 67, N)
    sources = [Source("slam", "SLAM", "apogee_dr16", "engine"), Source("csn", "CSN", "phoenix", "engine")]
    sources += [
        Source("apogee", "APOGEE", "apogee_dr16", "reference"),
        Source("ding2022", "D", "ding2022", "catalogue"),
    ]
    row = {"engine": "csn", "group": "FGK+M", "criteria": "zhang2025", "n": 40, "mean": 0.04, "std": 0.24}
    found = beside_numbers(compare_sources(table, sources), pd.DataFrame([row], columns=list(GROUP_HEADS)))
    assert found["teff_bias_slam"] == pytest.approx(-169) and found["teff_bias_ulyss"] == pytest.approx(68)
    assert found["teff_sigma_apogee"] == pytest.approx(67, rel=0.1)
    assert (found["binaries_bias"], found["binaries_sigma"]) == (0.04, 0.24)
    printed = resource_table(resource("papers/zhang2025_numbers.csv"), keep_default_na=False)["key"]
    assert {"teff_bias_slam", "teff_bias_ulyss", "teff_sigma_apogee", "binaries_bias", "rv_snr10"} <= set(printed)


def test_literature_is_the_catalogues_that_have_no_figure_of_their_own():
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"luminosity_class": "dM", "snri": np.where(np.arange(N) % 2, 80.0, 20.0)})
    for label in ("teff", "logg", "m_h"):
        table[f"{label}_csn"] = rng.uniform(0, 1, N)
    table["teff_b20"] = table["teff_csn"] - np.where(np.arange(N) % 2, 16.0, 8.0)
    table["m_h_ding2022"] = table["m_h_csn"] + 1
    sources = [Source(name, name, name, "catalogue") for name in ("b20", "ding2022")]
    found = literature_numbers(table, sources)
    assert found["teff_bias_literature"] == pytest.approx(12) and found["teff_bias_literature_snr50"] == pytest.approx(
        16
    )
    assert np.isnan(found["m_h_bias_literature"]) and np.isnan(found["logg_sigma_literature"])
    printed = resource_table(resource("papers/zhang2025_numbers.csv"), keep_default_na=False)["key"]
    assert set(found) - set(printed) == {"m_h_bias_literature_snr50"}  # the paper has none
