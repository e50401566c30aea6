"""The scorecard."""

import numpy as np
import pandas as pd
import pytest
from made_truth import card, survey

from mstars.validate.outcome import engine_outcomes
from mstars.validate.scorecard import parameter_scores


def test_errors_of_template_matching_are_set_against_the_truth():
    given = survey()
    given["velocities"]["rv_tm"] = 13.0 + np.resize([-3.0, -1.0, 0.0, 1.0, 3.0], len(given["velocities"]))
    result = card(given)
    # two dwarfs are planted failures; the others' median |difference| is 1 km/s, with errors of 2
    assert result["rv_tm_pull_dm_n"] == 18 and result["rv_tm_pull_gm_n"] == 10
    assert result["rv_tm_pull_gm"] == pytest.approx(1.4826 / 2)
    assert result["rv_tm_pull_gm_snri_20_50"] == result["rv_tm_pull_gm"] and result["rv_tm_pull_gm_snri_0_20"] is None
    assert result["do_nothing"]["rv_tm_pull_dm"] is None


def test_a_good_catalogue_and_its_twin_that_did_nothing():
    result = card(survey())
    assert [result[key] for key in ("n_input", "n_recommended", "n_non_m", "n_rejected", "n_lost")] == [36, 32, 4, 0, 0]
    assert result["purity"] == 1 and result["purity_n"] == 30 and result["late_k_recommended"] == 2
    assert result["purity_with_late_k"] == pytest.approx(30 / 32) and result["completeness"] == 1
    assert result["non_m_recall"] == 1 and result["non_m_recall_WD_n"] == 3 and result["non_m_recall_K"] == 0
    assert result["good_harmed"] == 0 and result["good_harmed_hi"] > 0.05
    assert (result["dmgm_planted"], result["dmgm_fixed"]) == (1, 1)
    assert (result["rv_planted"], result["rv_repaired"]) == (2, 2) and result["rv_repaired_wave_err"] == 1
    assert result["rv_false_updates"] == 0 and result["rv_updates"] == 2
    assert result["rv_bias_kms"] == 2 and result["rv_tm_bias_kms"] == 0.5 and result["rv_dsal_bias_kms"] == -1
    nothing = result["do_nothing"]
    assert set(nothing) == set(result) - {"do_nothing"}
    assert nothing["n_recommended"] == 36 and nothing["purity"] == pytest.approx(30 / 34)
    assert nothing["non_m_recall"] == 0 and nothing["dmgm_fixed"] == 0 and nothing["rv_repaired"] == 0
    assert nothing["teff_dm_bias"] == 100 and nothing["alpha_m_dm_sigma"] is None


def test_harm_is_counted_only_where_the_input_was_right():
    given = survey()
    catalog = given["m_catalog"].set_index("spectrum_key")
    catalog.loc["k00", "luminosity_class"] = "gM"  # planted, not fixed: no harm of ours
    catalog.loc["k05", "luminosity_class"] = "gM"  # our mistake
    catalog.loc["k03", "luminosity_class"] = "dM"  # LAMOST said sdM: a dwarf
    given["non_m"] = pd.concat([given["non_m"], pd.DataFrame({"spectrum_key": ["k06"]})])
    given["m_catalog"] = catalog.drop("k06").reset_index()
    result = card(given)
    assert result["good_harmed"] == pytest.approx(2 / 30)
    assert result["harmed_removed"] == pytest.approx(1 / 30) and result["dmgm_fixed"] == 0


def test_false_updates_are_good_velocities_made_worse():
    given = survey()
    catalog = given["m_catalog"].set_index("spectrum_key")
    catalog.loc["k07", "rv"] = 15.0  # 5 km/s off instead of 2
    catalog.loc["k08", "rv"] = np.nan
    catalog.loc["k09", "rv"] = 10.5  # better
    catalog.loc["k01", "rv"] = 300.0  # planted and left: not repaired, not a false update
    catalog["rv_paper"] = catalog["rv"]
    given["m_catalog"] = catalog.reset_index()
    result = card(given)
    assert result["rv_false_updates"] == pytest.approx(2 / 28) and result["rv_broken"] == pytest.approx(1 / 28)
    assert result["rv_repaired"] == 1


def test_rejected_and_lost_spectra_are_told_apart():
    given = survey()
    given["rejected"] = pd.DataFrame({"spectrum_key": ["k10"]})
    given["m_catalog"] = given["m_catalog"][~given["m_catalog"]["spectrum_key"].isin(["k10", "k11"])]
    result = card(given)
    assert (result["n_rejected"], result["n_lost"]) == (1, 1) and result["good_harmed_n"] == 29
    assert result["good_harmed"] == 0


def test_training_stars_count_with_their_out_of_fold_prediction():
    given = survey()
    before = card(given)
    assert before["teff_dm_sigma"] < 40
    given["parameters"].loc[:19, "teff_oof"] = 3600.0 + np.linspace(-500, 500, 20)
    after = card(given)
    assert after["teff_dm_sigma"] > 200 and after["teff_dm_pull"] is None and after["logg_dm_pull"] > 0


def test_repeats_of_a_star_measure_the_precision():
    given = survey()
    given["truth"].loc[given["truth"]["spectrum_key"] == "k12", "star_id_true"] = 13
    given["parameters"].loc[[12, 13], "teff"] = [3600.0, 3620.0]
    result = card(given)
    assert result["teff_dm_repeat_n"] == 1 and result["teff_dm_repeat_sigma"] == pytest.approx(14.826 * np.sqrt(2))
    assert result["teff_gm_repeat_sigma"] is None and result["rv_repeat_n"] == 1


def test_metal_poor_and_alpha_rich_stars_are_looked_at():
    given = survey()
    given["truth"].loc[:4, "true_m_h"] = -0.9
    result = card(given)
    assert result["m_h_dm_bias_poor_n"] == 5 and result["m_h_dm_bias_poor"] > 0.7
    assert result["alpha_m_gm_bias_rich"] is None


def test_accuracy_is_against_the_truth_and_leaves_late_k_out():
    held_out = {
        "spt": pd.DataFrame({"spectrum_key": ["k00", "k30", "k34", "t1"], "predicted": ["M", "WD", "M", "QSO"]}),
        "wdm": pd.DataFrame({"spectrum_key": ["k00", "k30", "k34"], "predicted": ["M", "WD", "WD"]}),
        "dmgm": pd.DataFrame({"spectrum_key": ["k00", "k25", "k31"], "predicted": ["gM", "gM", "dM"]}),
    }
    result = card(survey(), held_out)
    assert (result["spt_accuracy"], result["spt_accuracy_n"]) == (1.0, 2)
    assert (result["wdm_accuracy"], result["wdm_accuracy_n"]) == (1.0, 2)
    assert (result["dmgm_accuracy"], result["dmgm_accuracy_n"]) == (0.5, 2)
    assert result["do_nothing"]["spt_accuracy"] is None


def test_the_card_of_an_engine_is_the_scorecards_part_for_its_labels():
    given = survey()
    expected = card(given)
    table = engine_outcomes(given["truth"], given["m_catalog"], given["quality"], given["parameters"])
    scores = parameter_scores(table)
    assert len(scores) > 100 and all(expected[key] == value for key, value in scores.items())
    fewer = given["parameters"].assign(logg=np.nan, logg_oof=np.nan, alpha_m=np.nan)
    table = engine_outcomes(given["truth"], given["m_catalog"], given["quality"], fewer)
    few = parameter_scores(table, ("teff", "m_h"))
    assert set(few) < set(scores) and not [key for key in few if key.startswith(("logg", "alpha_m"))]
    assert all(scores[key] == value for key, value in few.items())


def test_an_engine_that_recommends_nothing_has_a_card():
    given = survey()
    flags = given["quality"].assign(parameter_flag=0)[:3]
    table = engine_outcomes(given["truth"], given["m_catalog"], flags, given["parameters"])
    scores = parameter_scores(table)
    assert scores["parameter_flag_dm"] == 0 and scores["teff_dm_bias"] is None and scores["teff_dm_n"] == 0
