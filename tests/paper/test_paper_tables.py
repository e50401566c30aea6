"""The paper's tables from this survey."""

import numpy as np
import pandas as pd
import pytest
from made_results import decisions, folds

from mstars.literature.groups import (
    class_agreement,
)
from mstars.paper.numbers import (
    compare_numbers,
    fold_numbers,
    fold_table,
    paper_numbers,
)
from mstars.paper.paper_tables import (
    classes_table,
    comparison_table,
    cross_validation_table,
    external_table,
    inspection_table,
    ranges_table,
    resource_table,
)
from mstars.paper.rendering import to_markdown


def test_class_agreement_counts_every_combination():
    catalog = pd.DataFrame({"spectrum_key": list("abcd"), "luminosity_class": ["dM", "dM", "gM", "dM"]})
    catalog["CMD_pos"] = ["dM", "", "gM", "dM"]
    for band in "ugriz":
        catalog[f"snr_{band}"], catalog[f"orp_{band}"] = [30.0, 30, 5, 30], 0.0
    found = class_agreement(catalog, catalog[["spectrum_key"]].assign(lamost_class=["dM", "dM", "gM", "dM"]))
    agree = found[found["agree"]]
    assert found["spectra"].sum() == 4 and agree["spectra"].sum() == 3 and agree["good_spectra"].sum() == 2
    assert "75.0 % of all, 66.7 % of the good" in to_markdown(classes_table(found, "demo"))


def test_table_8_has_the_folds_in_order_and_its_means():
    table = pd.concat([fold_table("dM", folds()), fold_table("gM", folds())])
    assert table["fold"].tolist() == [0, 1, 0, 1] and (table["teff_sigma"] == 1).all()
    numbers = fold_numbers(table)
    assert numbers["fold_loss_dm"] == pytest.approx(0.2) and numbers["tlma_n_gm"] == 8
    assert "0.00 ± 1.00" in to_markdown(cross_validation_table(table))


def test_the_comparison_has_ratios_and_says_when_it_is_simulated():
    table = compare_numbers({"n_input": 876134 / 2, "teff_low_dm": np.nan})
    assert len(table) == len(paper_numbers()) and np.isnan(table.set_index("key").loc["n_input", "ratio"])
    assert "SIMULATED" in to_markdown(comparison_table(table, "demo", True))
    assert "SIMULATED" not in to_markdown(comparison_table(table, "dr10", False))


def test_inspection_tables_show_the_paper_and_what_is_reviewed():
    table = inspection_table(1, "scm", decisions(["qso", "qso", "WD"]))
    rows = {row[0]: list(row[1:]) for row in table.rows}
    assert rows["qso"] == [2, 1, 18.0] and rows["WD"] == [1, 0, None] and rows["M"] == [0, 0, 9530.0]
    assert rows["total"] == [3, 1, 13436.0]
    assert inspection_table(7, "rv", decisions(["TM"])).rows[-1][-1] == 34961
    assert inspection_table(4, "dgcm", decisions(["gM"])).rows[-1][-1] == 53987


def test_tables_of_resources():
    assert resource_table(3).rows[3] == ("Ca II", "8498, 8542, 8662", "shallow", "deep")
    assert resource_table(5).rows[0] == ("K I", "7667.0089")
    assert len(resource_table(6).rows) == 8 and external_table().rows[-1] == ("total", 16880)
    assert "[3225, 4125]" in to_markdown(ranges_table({"used": {"dM": {"teff": (3200, 4100)}}}))
