"""Rows of the products: each value from its stage, and nothing lost."""

import numpy as np
import pandas as pd
import pytest
from made_catalog import classified, keys, recommended

from mstars.catalog.columns import product_columns, product_table
from mstars.catalog.rows import columns_joined, non_m_table, recommended_table
from mstars.core.errors import InputError
from mstars.files.tables import read_present


def test_which_errors_take_the_plain_names(stages):
    columns = product_columns("recommended")
    calibrated = product_table(recommended(stages), columns)
    assert (calibrated["teff_err"] == np.float32(4.4)).all() and (calibrated["teff_spread"] == np.float32(3.3)).all()
    names = ("v3", "spectra", "gaia", "photometry", "parameters", "quality")
    spread = product_table(recommended_table(*(stages[name] for name in names), "spread"), columns)
    assert (spread["teff_err"] == np.float32(3.3)).all() and (spread["teff_spread"] == np.float32(3.3)).all()


@pytest.mark.parametrize("errors", ["calibrated", "spread"])
def test_the_columns_that_are_read_are_all_that_a_product_needs(stages, tmp_path, errors):
    columns, read = product_columns("recommended", with_filename=True), []
    for name in ("v3", "spectra", "gaia", "photometry", "parameters", "quality"):
        whole = stages[name].assign(never_needed=1.0)
        whole.to_parquet(tmp_path / f"{name}.parquet", index=False)
        read.append(read_present(tmp_path / f"{name}.parquet", columns_joined(columns)))
        assert "never_needed" not in read[-1]
    names = ("v3", "spectra", "gaia", "photometry", "parameters", "quality")
    whole = product_table(recommended_table(*(stages[name] for name in names), errors), columns)
    pd.testing.assert_frame_equal(product_table(recommended_table(*read, errors), columns), whole)


def test_recommended_takes_each_value_from_its_stage(stages):
    columns = product_columns("recommended")
    table = product_table(recommended(stages), columns)
    assert list(table) == [column.name for column in columns]
    assert "filename" not in table
    row = table.iloc[0]
    assert (row["obsid"], row["ra"], row["source_id"]) == (10, 10.0, 5853498713190525696)
    assert np.isnan(row["snr_u"])  # LAMOST's -9999
    assert table["obsid"].isna().tolist() == [False, False, True, False]
    assert table["luminosity_class"].tolist() == ["dM", "dM", "gM", "dM"]
    assert table["review_status"].tolist() == ["", "reviewed", "provisional", "reviewed"]
    assert table["CMD_flag"].isna().tolist() == [False, True, False, False]
    assert table["engine_flag"].tolist() == [0, 1, 0, 2]


def test_a_survey_of_files_carries_their_names(stages):
    columns = product_columns("recommended", with_filename=True)
    assert product_table(recommended(stages), columns)["filename"].tolist() == [
        "f0.fits",
        "f1.fits",
        "f2.fits",
        "f3.fits",
    ]


def test_non_m_has_what_it_is_and_why(stages):
    names = ("non_m_v1", "non_m_v2", "spectra", "gaia", "photometry")
    table = product_table(non_m_table(*(stages[name] for name in names)), product_columns("non_m"))
    assert table["label"].tolist() == ["A", "S"]
    assert table["reason"].str.startswith(("scm", "dgcm")).all()
    assert table["review_status"].tolist() == ["provisional", "provisional"]


def test_a_spectrum_in_both_non_m_catalogues_is_refused(stages):
    with pytest.raises(InputError, match="in non_m_catalog_v1 and in v2"):
        non_m_table(stages["non_m_v1"], stages["non_m_v1"], stages["spectra"], stages["gaia"], stages["photometry"])


def test_input_is_recommended_plus_non_m_plus_rejected(stages):
    table = classified(stages)
    candidates = stages["rejected"]["role"] == "candidate"
    assert len(table) == len(stages["v3"]) + len(stages["non_m_v1"]) + len(stages["non_m_v2"]) + candidates.sum()
    assert len(table) == len(stages["v0"]) + (stages["rejected"]["stage"] == "plan").sum()
    assert table["final_class"].value_counts().to_dict() == {"rejected": 3, "dM": 3, "gM": 1, "A": 1, "S": 1}
    assert set(table["filename"]) == {f"f{i}.fits" for i in range(7)} | {"copy.fits", "broken.fits"}


def test_classification_has_the_evidence(stages):
    table = classified(stages)
    expected = "spectrum_key filename obsid plate spt_class spt_prob wdm_class wdm_prob dmgm_class dmgm_prob cmd_pos "
    assert list(table) == (expected + "candidate_reasons review_status final_class").split()
    table = table[table["final_class"] != "rejected"].set_index("spectrum_key")
    assert table.loc[keys(6)[4], ["spt_class", "dmgm_class", "candidate_reasons"]].tolist() == ["A", "", "spt;cmd"]
    assert np.isnan(table.loc[keys(6)[4], "dmgm_prob"])
    assert table.loc[keys(6)[5], "candidate_reasons"] == "dgcm:lamost;dgcm:cnn"
    assert table.loc[keys(6)[2], ["cmd_pos", "review_status"]].tolist() == ["gM", "provisional"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s | {"v2": s["v2"][1:]}, "in no output"),
        (lambda s: s | {"non_m_v2": s["v2"][:1].assign(label="S")}, "in two outputs|in no output"),
        (lambda s: s | {"v0": s["v0"][1:]}, "not in the input"),
    ],
)
def test_a_lost_or_doubled_spectrum_is_an_error(stages, change, message):
    with pytest.raises(InputError, match=message):
        classified(change(stages))


def test_empty_stages_make_empty_products(stages):
    empty = {name: table[:0] for name, table in stages.items()}
    assert len(classified(empty)) == 0
    columns = product_columns("recommended")
    assert len(product_table(recommended(empty), columns)) == 0
