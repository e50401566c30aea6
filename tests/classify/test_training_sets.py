"""Training sets: counts, reasons, splits by star."""

import numpy as np
import pandas as pd
import pytest
from made_stages import SCM, index, make, photometry, stars_of

from mstars.classify.training_sets import dmgm_training_set, split
from mstars.core.errors import InputError
from mstars.core.snr import SNR


def test_training_set_counts_hash_and_reasons(survey):
    m, others = survey
    m.loc[0, list(SNR)] = [-9999, 4.9, 3, 2, 1]
    m.loc[1, list(SNR)] = -9999
    outside = photometry(m)
    outside.loc[[2, 3], "CMD_pos"] = "other"
    outside.loc[3, "CMD_flag"] = 0  # unreliable photometry says nothing
    others.loc[0, "spectrum_key"] = "m004"  # M in one catalogue, K in another
    spectra = index(m, others)
    spectra = spectra[spectra["spectrum_key"] != "m005"]
    table, summary = make(m, others, spectra=spectra, photometry=outside)
    assert summary["excluded"] == {
        "labels of two catalogues differ": 2,
        "in a catalogue twice": 0,
        "no usable spectrum (rejected at ingest)": 1,
        "S/N_max below 5": 2,
        "more than needed": 0,
        "M that does not look it (scm.screen: cmd)": 1,
    }
    assert set(table["label"]) == {"K", "M", "QSO"} and not {"m000", "m002", "m004", "m005"} & set(
        table["spectrum_key"]
    )
    assert summary["available"] == {"K": 11, "M": 35, "QSO": 12}  # of 40 M all but m000, m001, m002, m004 and m005
    assert (table["label"] == "M").sum() == 30  # n_per_class
    again, same = make(m, others, spectra=spectra, photometry=outside)
    pd.testing.assert_frame_equal(table, again)
    assert same["hash"] == summary["hash"]
    kept, _ = make(m, others, screen="none", photometry=outside, n_per_class=99)
    assert "m002" in set(kept["spectrum_key"])


def test_null_photometry_says_nothing(survey):
    m, others = survey
    missing = photometry(m).astype({"CMD_flag": "Int64"})
    missing.loc[:5, "CMD_flag"] = pd.NA
    missing.loc[3, "CMD_pos"] = None
    table, _ = make(m, others, photometry=missing.iloc[1:], n_per_class=99)
    assert (table["label"] == "M").sum() == len(m)


def test_split_by_star_keeps_repeats_on_one_side_and_by_spectrum_does_not(survey):
    m, others = survey
    repeats = stars_of(m)
    repeats["star_id"] = [f"s{i // 4}" for i in range(len(m))]
    table, summary = make(m, others, stars=repeats, n_per_class=99)
    sides = table.groupby("star_id")["split"].nunique()
    assert (sides == 1).all()
    share = (table["split"] == "valid").groupby(table["label"]).mean()
    assert share.between(0.2, 0.4).all()
    assert summary["counts"]["M"]["valid"] == (table.query("label == 'M'")["split"] == "valid").sum()
    papers, _ = make(m, others, stars=repeats, n_per_class=99, split="spectrum")
    assert (papers.groupby("star_id")["split"].nunique() == 2).any()
    assert (papers.query("label == 'M'")["split"] == "valid").sum() == 10


def test_split_leaves_something_to_train_on():
    generator = np.random.default_rng(1)
    labels = np.array(["a", "a", "b", "c", "c", "c"])
    valid = split(labels, np.array(list("123456")), "star", 0.25, generator)
    assert not valid[2]  # one star only: train on it
    assert valid[:2].sum() == 1 and valid[3:].sum() == 1


def test_classes_without_spectra_are_left_out_but_two_are_needed(survey):
    m, others = survey
    _, summary = make(m, others, classes=("OB", "K", "M", "QSO"))
    assert summary["classes"] == ["K", "M", "QSO"]
    with pytest.raises(InputError, match="spectra of M only"):
        make(m, others, classes=("M", "GALAXY"))


def test_a_table_with_a_key_twice_is_refused(survey):
    m, others = survey
    doubled = pd.concat([photometry(m), photometry(m).head(1)])
    with pytest.raises(InputError, match="twice"):
        make(m, others, photometry=doubled)


def test_dmgm_training_set(giants):
    m, _, cmd, _ = giants
    settings = SCM | {"drop_cmd_disagreement": True}
    table, summary = dmgm_training_set(m, index(m), stars_of(m), cmd, settings=settings, radius_arcsec=3.0, seed=1)
    assert set(table["spectrum_key"]) == {"m000", "m004", "m005", "m007"}
    assert summary["excluded"]["CMD region contradicts the class"] == 4
    assert summary["excluded"]["no luminosity class from LAMOST"] == 2
    everything, _ = dmgm_training_set(
        m, index(m), stars_of(m), cmd, settings=SCM | {"drop_cmd_disagreement": False}, radius_arcsec=3.0, seed=1
    )
    assert len(everything) == 8
    dwarfs, few = m.assign(lamost_class="dM"), settings | {"n_per_class": 5}
    with pytest.raises(InputError, match="class gM"):
        dmgm_training_set(dwarfs, index(m), stars_of(m), cmd, settings=few, radius_arcsec=3.0, seed=1)
