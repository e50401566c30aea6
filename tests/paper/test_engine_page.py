"""The page of the engines and its tables: whose scale, one engine alone, scales, contradictions."""

import numpy as np
import pandas as pd
import pytest

from mstars.engines.registry import engine_info
from mstars.literature.engine_groups import group_statistics
from mstars.literature.engine_labels import Source
from mstars.literature.engine_pairs import compare_sources
from mstars.literature.engine_scales import fit_scales
from mstars.paper.engine_page import contradictions, engine_page, shown_figures
from mstars.paper.engine_tables import best_table, groups_table, pairs_table, regions_table, scales_table, snr_table

SOURCES = [
    Source("cnn", "CNN", "apogee_dr16", "engine"),
    Source("laspm", "LASPM", "starhorse", "engine"),
    Source("truth", "truth", "truth", "reference"),
    Source("starhorse", "StarHorse", "starhorse", "catalogue"),
]
N = 900


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    teff, m_h = rng.uniform(3300, 3900, N), rng.uniform(-1.0, 0.3, N)
    columns = {"luminosity_class": "dM", "snri": rng.uniform(5, 150, N), "teff_truth": teff, "m_h_truth": m_h}
    for name, off in (("cnn", 0), ("laspm", -90), ("starhorse", -90)):
        columns |= {f"teff_{name}": teff + off + rng.normal(0, 40, N), f"teff_{name}_err": np.full(N, 40.0)}
        columns |= {f"m_h_{name}": m_h + rng.normal(0, 0.1, N), f"m_h_{name}_err": np.full(N, 0.1)}
    return pd.DataFrame(columns)


def test_tables_say_whose_scale_and_offsets_come_first(table):
    statistics = compare_sources(table, SOURCES)
    pairs = pairs_table(statistics, SOURCES, "x")
    heads = list(pairs.columns)
    assert heads.index("median") < heads.index("robust scatter")
    row = next(
        row for row in pairs.rows if row[0].startswith("CNN") and row[1].startswith("LASPM") and row[3] == "Teff (K)"
    )
    assert row[:2] == ["CNN [APOGEE DR16]", "LASPM [StarHorse]"] and 80 < float(row[heads.index("median")]) < 100
    by_snr = snr_table(statistics, SOURCES, "x")
    assert len(by_snr.rows) == 8 and all("±" in row[-1] for row in by_snr.rows)
    regions = regions_table(statistics, SOURCES, "x")
    assert {row[3] for row in regions.rows} == {"[M/H] -1.1 to -0.5"}
    assert groups_table(group_statistics({}), "x").rows == []


def test_the_combined_estimate_beside_the_best_engine(table):
    mean = table.assign(teff_combined=table["teff_truth"] + 0.5 * (table["teff_cnn"] - table["teff_truth"]))
    sources = [Source("combined", "combined", "apogee_dr16", "engine"), *SOURCES]
    found = best_table(compare_sources(mean, sources), sources, "x")
    rows = [row for row in found.rows if row[1] == "Teff (K)"]
    assert [row[2] for row in rows] == ["all", "to 20", "20 to 50", "50 to 100", "above 100"]
    assert all(0.35 < float(row[-2]) < 0.7 and 1 < float(row[-1]) < 1.3 for row in rows) and rows[0][3] == N
    assert best_table(compare_sources(table, SOURCES), SOURCES, "x").rows == []


def test_the_table_of_scales_says_what_has_no_map(table):
    found = scales_table(fit_scales(table, SOURCES, "starhorse"), "x")
    offset = next(row for row in found.rows if row[:3] == ["cnn", "dM", "Teff (K)"])[4]
    assert abs(float(offset) + 90) < 8
    assert any("on this scale already" in str(row[4]) for row in found.rows if row[0] == "laspm")
    assert any("cnn dM logg" in note for note in found.notes)
    assert {len(row) for row in found.rows} == {len(found.columns)}


def test_the_page_has_figures_tables_and_what_must_be_said(table):
    tables = [pairs_table(compare_sources(table, SOURCES), SOURCES, "x")]
    figures = shown_figures(["a/offsets_dM.png", "a/matrix_m_h_gM.png", "a/diagrams.png", "a/other.png"])
    assert [one.path for one in figures] == [
        f"../figures/engines/{n}.png" for n in ("offsets_dM", "diagrams", "matrix_m_h_gM")
    ]
    assert [one.title.split(", ", 1)[-1] for one in figures] == ["dM", "H-R and colour diagrams", "[M/H], gM"]
    text = engine_page(tables, figures, SOURCES, ["more <b>"], "x")
    assert "SIMULATED" in text and "One engine alone" not in text and "more &lt;b&gt;" in text
    assert text.count("<img") == 3 and "LASPM (StarHorse)" in text
    alone = engine_page([], [], [SOURCES[0]], [], "x")
    assert "One engine alone" in alone and "SIMULATED" not in alone


def test_contradictions_are_counted():
    info = engine_info("combined")
    bits = info.own_flags
    flags = [0, bits["contradicted"], bits["contradicted"] | bits["one_left_out"], bits["no_valid_engine"]]
    text = contradictions(pd.DataFrame({"flag": flags}), bits)
    assert "of 4 spectra" in text and "in 2, and in 1 one" in text and "1 have no valid engine" in text
