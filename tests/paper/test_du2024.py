"""The numbers of Du et al. 2024 from tables whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.paper.du2024 import catalogue_numbers, du2024_table, precision_numbers, sample_numbers, warm_stars

LABELS = ("teff", "logg", "m_h")
SIGMA = {"teff": 50.0, "logg": 0.1, "m_h": 0.2}
DRAWS = np.random.default_rng(1)
N = 4000


def noise(label, n=N):
    return DRAWS.normal(0, SIGMA[label], n)


def offsets():
    rows = [("dM", "aspcap_dr17", label, 2 * SIGMA[label], True) for label in LABELS]
    return pd.DataFrame(rows, columns=["luminosity_class", "source", "label", "mean", "used"])


def test_the_sample():
    keys = [f"k{number}" for number in range(N)]
    labels = pd.DataFrame({"spectrum_key": keys, "source": ["a"] * (N - 10) + [""] * 10, **dict.fromkeys(LABELS, 1.0)})
    fates = pd.DataFrame({"spectrum_key": keys, "stage": ["member"] * (N - 100) + ["network"] * 40 + ["clusters"] * 60})
    for label in LABELS:
        fates[f"predicted_{label}"] = 1 + noise(label)
    found = sample_numbers(labels, fates, offsets())
    assert (found["n_candidates"], found["n_clusters"], found["n_members"]) == (N - 10, N - 60, N - 100)
    assert found["offset_aspcap_dr17_dM_teff"] == 100
    assert found["test_teff"] == pytest.approx(50, rel=0.05)


def test_precision_and_catalogues():
    held_out = pd.DataFrame({f"{label}_true": 0.0 for label in LABELS}, index=range(N))
    repeats = pd.DataFrame({"star_id": [f"s{number // 4}" for number in range(N)], "snri": 50.0})
    parameters = pd.DataFrame({"spectrum_key": [f"k{number}" for number in range(N)]})
    for label in LABELS:
        held_out[f"{label}_oof"], repeats[label], parameters[label] = noise(label), noise(label), noise(label)
    found = precision_numbers(held_out, repeats)
    for label in LABELS:
        assert found[f"loo_{label}"] == pytest.approx(SIGMA[label], rel=0.05)
        assert found[f"repeat_{label}"] == pytest.approx(SIGMA[label], rel=0.05)
    theirs = parameters[["spectrum_key"]].assign(luminosity_class="dM")
    starhorse = theirs.assign(**{f"{label}_catalog": -SIGMA[label] for label in LABELS})
    aspcap = theirs.assign(**{f"{label}_catalog": 2 * SIGMA[label] for label in LABELS})
    found = catalogue_numbers(parameters, starhorse, aspcap, offsets())
    assert found["starhorse_teff_mean"] == pytest.approx(50, abs=3)
    assert found["aspcap_dM_m_h_sigma"] == pytest.approx(0.2, rel=0.05) and np.isnan(found["aspcap_gM_teff_sigma"])


def test_the_table_has_every_number_of_the_paper():
    ours = {"n_candidates": 500.0, "n_members": 100.0, "loo_teff": 22.0, "starhorse_teff_mean": 1.0}
    table = du2024_table(ours, "demo", True)
    rows = {row[2]: row for row in table.rows}
    assert rows["members of the golden sample"][6] == pytest.approx(0.2 * 45422 / 5105)
    assert rows["members without themselves in Teff (selected: outliers have left)"][6] == 2
    assert rows["LASPM minus StarHorse in Teff"][7] == -5 and "SIMULATED" in table.notes[0]


def test_stars_without_parameters_are_no_warm_stars(tmp_path):
    table = pd.DataFrame({"obsid": [1, 2, 3], "teff": [5800.0, -9999.0, 6500.0], "logg": [4.4, 4.0, -9999.0]})
    table.to_csv(tmp_path / "afgk.csv", index=False)
    assert warm_stars(tmp_path / "afgk.csv")["teff"].tolist() == [5800.0]
    table.drop(columns="logg").to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(InputError, match=r"release\.afgk_catalog: .*logg"):
        warm_stars(tmp_path / "bad.csv")
